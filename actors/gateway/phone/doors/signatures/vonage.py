"""Vonage's signature: a JWT that holds a hash of the body."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from actors.gateway.phone.doors.signatures.shared_secret import bearer_of
from actors.gateway.phone.doors.signatures.signed_request import SignedRequest
from pipeline.absent import absent

# Of its 10 MB nothing is needed for HS256.
with absent("cryptography"):
    import jwt

ALGORITHM = "HS256"
TOLERANCE_S = 300.0
"""How old a request may be: Vonage names no time, so as Telnyx'."""


def vonage_claims(request: SignedRequest, secret: str) -> Mapping[str, Any] | None:
    """Return what the signature of a request says, at whatever time; None if it has none.

    Args:
        request: A webhook, or the handshake of a socket with `authorization: {type: vonage}`.
        secret: The signature secret of the account.
    """
    try:
        claims: dict[str, Any] = jwt.decode(
            bearer_of(request.headers),
            secret,
            algorithms=[ALGORITHM],
            options={
                "require": ["iat", "jti"],
                "verify_aud": False,
                # By the clock of who asks.
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except (jwt.InvalidTokenError, ValueError):
        return None
    if request.body:
        said = str(claims.get("payload_hash", "")).encode()
        if not hmac.compare_digest(said, hashlib.sha256(request.body).hexdigest().encode()):
            return None
    return claims


def is_vonage_in_time(claims: Mapping[str, Any], now_s: float) -> bool:
    """Whether a signature is of now."""
    try:
        issued_s, expires_s = float(claims["iat"]), float(claims.get("exp", now_s))
    except (TypeError, ValueError):
        return False
    return abs(issued_s - now_s) <= TOLERANCE_S and expires_s >= now_s
