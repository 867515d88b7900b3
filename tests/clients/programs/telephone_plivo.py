"""What plivo's own package says of cases: signatures V3, and its XML."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from plivo import plivoxml
from plivo.utils.signature_v3 import validate_v3_signature


def signed(case: dict[str, Any]) -> list[bool]:
    return [
        validate_v3_signature(
            case["method"], case["url"], case["nonce"], case["key"], each, dict(case["parameters"])
        )
        for each in case["signatures"]
    ]


def stream(case: dict[str, Any]) -> str:
    response = plivoxml.ResponseElement()
    response.add(
        plivoxml.StreamElement(
            case["url"],
            bidirectional=True,
            keepCallAlive=True,
            contentType=case["content_type"],
            extraHeaders=case["extra_headers"],
        )
    )
    made: str = response.to_string()
    return made


WORK = {"signed": signed, "stream": stream}
cases = json.loads(os.environ["CASES"])
json.dump([WORK[case["do"]](case) for case in cases], sys.stdout)
