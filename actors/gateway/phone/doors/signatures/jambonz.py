"""Jambonz' signature of webhooks: an HMAC of the time and of the body as it came."""

from __future__ import annotations

import hashlib
import hmac

from actors.gateway.phone.doors.signatures.signed_request import SignedRequest
from actors.gateway.phone.doors.signatures.telnyx import is_in_time, timed_once

SIGNATURE = "jambonz-signature"
"""`t=SECONDS,v1=HEX`; more than one `v1` while a secret is exchanged."""


def jambonz_signature(secret: str, stamp: str, body: bytes) -> str:
    """Return the signature of a webhook of a time, in seconds since 1970, as text."""
    return hmac.digest(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hex()


def is_signed_by_jambonz(request: SignedRequest, secret: str) -> bool:
    """Whether a webhook is signed with the secret of the account, at whatever time."""
    stamp, given = _parts(request)
    expected = jambonz_signature(secret, stamp, request.body).encode()
    matches = [hmac.compare_digest(each.encode(), expected) for each in given]
    return any(matches)


def is_jambonz_in_time(request: SignedRequest, now_s: float) -> bool:
    """Whether a webhook is of now."""
    return is_in_time(_parts(request)[0], now_s)


def jambonz_once(request: SignedRequest) -> str:
    """Return what a signed webhook has only once."""
    return timed_once(_parts(request)[0], request.body)


def _parts(request: SignedRequest) -> tuple[str, list[str]]:
    pairs = [
        each.strip().partition("=")[::2] for each in request.headers.get(SIGNATURE, "").split(",")
    ]
    stamp = next((value for name, value in pairs if name == "t"), "")
    return stamp, [value for name, value in pairs if name == "v1"]
