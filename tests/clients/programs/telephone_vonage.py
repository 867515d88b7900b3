"""What vonage's own package makes and takes: tokens of an application, and signatures."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from vonage_jwt import JwtClient, verify_signature


def token(case: dict[str, Any]) -> str:
    made = JwtClient(case["application"], case["private_key"]).generate_application_jwt()
    return made.decode() if isinstance(made, bytes) else made


def signed(case: dict[str, Any]) -> list[bool]:
    return [bool(verify_signature(each, case["secret"])) for each in case["tokens"]]


WORK = {"token": token, "signed": signed}
cases = json.loads(os.environ["CASES"])
json.dump([WORK[case["do"]](case) for case in cases], sys.stdout)
