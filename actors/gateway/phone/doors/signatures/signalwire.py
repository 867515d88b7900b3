"""SignalWire's signature: Twilio's under another name, or one of the URL and the whole body."""

from __future__ import annotations

import hashlib
import hmac

from actors.gateway.phone.doors.signatures.signed_request import SignedRequest
from actors.gateway.phone.doors.signatures.twilio import SIGNATURE, is_signed_by_twilio

SIGNATURE_HEADERS = ("x-signalwire-signature", SIGNATURE)


def signalwire_signature(key: str, url: str, body: bytes) -> str:
    """Return the signature of a request whose body is signed as it is.

    Args:
        key: The signing key of the space.
        url: Exactly as SignalWire was given it.
        body: As it came.
    """
    return hmac.digest(key.encode(), url.encode() + body, hashlib.sha1).hex()


def is_signed_by_signalwire(request: SignedRequest, key: str) -> bool:
    """Whether a request is signed with the signing key of the space."""
    expected = signalwire_signature(key, request.url, request.body).encode()
    for header in SIGNATURE_HEADERS:
        if header not in request.headers:
            continue
        if hmac.compare_digest(request.headers[header].encode(), expected):
            return True
        if is_signed_by_twilio(request, key, header=header):
            return True
    return False
