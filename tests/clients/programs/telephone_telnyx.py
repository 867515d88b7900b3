"""What telnyx' own package says of webhooks: whether it takes them."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import telnyx


def taken(case: dict[str, Any]) -> bool:
    client = telnyx.Telnyx(api_key="none", public_key=case["public_key"])
    try:
        client.webhooks.unwrap(case["body"], headers=case["headers"])
    except Exception as error:
        print(type(error).__name__, error, file=sys.stderr)
        return False
    return True


cases = json.loads(os.environ["CASES"])
json.dump([taken(case) for case in cases], sys.stdout)
