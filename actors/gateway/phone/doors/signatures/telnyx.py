"""Telnyx' signature: Ed25519 of the time and of the body as it came."""

from __future__ import annotations

import base64
import binascii
import hashlib

from actors.gateway.phone.doors.signatures.signed_request import SignedRequest

SIGNATURE = "telnyx-signature-ed25519"
TIMESTAMP = "telnyx-timestamp"
TOLERANCE_S = 300.0
"""As in Telnyx' own libraries: how far the time of a request may lie from ours, either way."""
KEY_BYTES = 32
"""RFC 8032, 5.1.5."""


def public_key_bytes(text: str) -> bytes:
    """Return the key of the account, as its portal shows it.

    Raises:
        ValueError: it is none.
    """
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError("this is no public key of Telnyx: 44 characters of base64")
    return key


def is_signed_by_telnyx(request: SignedRequest, public_key: str) -> bool:
    """Whether a request is signed with the key of the account, at whatever time.

    Raises:
        ValueError: the key is none.
    """
    # 10 MB, for who has calls of Telnyx.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = Ed25519PublicKey.from_public_bytes(public_key_bytes(public_key))
    signed = request.headers.get(TIMESTAMP, "").encode() + b"|" + request.body
    try:
        key.verify(base64.b64decode(request.headers.get(SIGNATURE, ""), validate=True), signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def is_in_time(stamp: str, now_s: float, tolerance_s: float = TOLERANCE_S) -> bool:
    """Whether a request is of now.

    Args:
        stamp: Its time as text, seconds since 1970.
        now_s: Likewise.
        tolerance_s: How far they may lie from one another.
    """
    return stamp.isdecimal() and len(stamp) < 20 and abs(int(stamp) - now_s) <= tolerance_s


def timed_once(stamp: str, body: bytes) -> str:
    """Return what a request has only once whose time and body are signed: the header may be written
    in more ways than one, and its signature holds still."""
    return f"{stamp} {hashlib.sha256(body).hexdigest()}"
