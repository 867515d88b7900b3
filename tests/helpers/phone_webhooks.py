"""Webhooks of telephone providers, for a gateway on a stage."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode

from gateway_client import GatewayOnStage

from actors.gateway.phone.doors.signatures.signed_request import FORM
from actors.gateway.phone.doors.signatures.twilio import twilio_signature

TOKEN = "0123456789abcdef0123456789abcdef"
PUBLIC = "https://voice.example"
OURS, CALLER = "+493012345", "+4915112345"
PHONE: dict[str, Any] = {
    "public_url": PUBLIC,
    "accounts": {
        "twilio": {"auth_token": "$TEST_TWILIO"},
        "plivo": {"auth_token": "$TEST_TWILIO"},
    },
    "businesses": {
        "bakery-42": {
            "numbers": [OURS],
            "instruction": "Sell bread.",
            "language": "de-DE",
            "voice": "Kore",
            "speaks_first": True,
            "lasts_s": 300,
            "record": "nothing",
        },
        "garage": {"numbers": ["+49409"], "instruction": "Mend cars."},
    },
}


def post(
    gateway: GatewayOnStage, path: str, form: dict[str, str], headers: dict[str, str]
) -> tuple[int, str, str]:
    """Status, kind and text of what a webhook is answered."""

    def call() -> tuple[int, str, str]:
        named = {"Content-Type": FORM, **headers}
        request = urllib.request.Request(
            f"http://{gateway.url}{path}", urlencode(form).encode(), named
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                kind = response.headers.get("Content-Type", "")
                return response.status, kind, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, "", error.read().decode()

    return gateway.meanwhile(call)


def of_call(call: str = "CA1", to: str = OURS, **said: str) -> dict[str, str]:
    return {
        "CallSid": call,
        "From": CALLER,
        "To": to,
        "Direction": "inbound",
        "CallStatus": "ringing",
        **said,
    }


def by_twilio(
    gateway: GatewayOnStage, path: str, form: dict[str, str], base: str = PUBLIC
) -> tuple[int, str, str]:
    signature = twilio_signature(TOKEN, f"{base}{path}", form.items())
    return post(gateway, path, form, {"X-Twilio-Signature": signature})
