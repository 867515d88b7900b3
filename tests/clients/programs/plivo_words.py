"""Plivo's own SDK of its audio streams: its types read what we say, and say what it sends.

`PHONE_WORDS`: messages of ours and of Plivo's by the names of their types. Prints each as its type
has it.
"""

from __future__ import annotations

import json
import os
from typing import Any

from plivo_stream import types

given: dict[str, Any] = json.loads(os.environ["PHONE_WORDS"])
read = {
    name: getattr(types, name).model_validate(fields).model_dump(by_alias=True)
    for name, fields in given["ours"].items()
}
theirs = {
    name: getattr(types, name).model_validate(fields).model_dump(by_alias=True)
    for name, fields in given["theirs"].items()
}
print(json.dumps({"ours": read, "theirs": theirs}))
