"""What twilio's own package says of cases on standard input: signatures, and programs of calls."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import Connect, Dial, VoiceResponse


def signed(case: dict[str, Any]) -> list[bool]:
    """Whether each signature is taken."""
    validator = RequestValidator(case["key"])
    return [
        validator.validate(case["url"], case["parameters"], each) for each in case["signatures"]
    ]


def signature(case: dict[str, Any]) -> str:
    validator = RequestValidator(case["key"])
    made: str = validator.compute_signature(case["url"], case["parameters"])
    return made


def stream(case: dict[str, Any]) -> str:
    response = VoiceResponse()
    connect = Connect()
    element = connect.stream(url=case["url"])
    for name, value in case["parameters"].items():
        element.parameter(name=name, value=value)
    response.append(connect)
    return str(response)


def program(case: dict[str, Any]) -> str:
    response = VoiceResponse()
    response.say(case["text"], language=case["language"])
    dial = Dial(caller_id=case["caller_id"])
    dial.number(case["number"])
    response.append(dial)
    response.hangup()
    return str(response)


WORK = {"signed": signed, "signature": signature, "stream": stream, "program": program}
cases = json.loads(os.environ["CASES"])
json.dump([WORK[case["do"]](case) for case in cases], sys.stdout)
