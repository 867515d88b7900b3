"""Short-lived tokens of sessions, for browsers: a page has no secret that would stay one.

A token is a JWT signed by the gateway, so that nothing is stored when it is minted. It begins so
many sessions, as a rule one, within a minute, and comes back to those until it expires. A browser
sends it in the address of its socket, where no header can be set.
"""

from __future__ import annotations

import base64
import json
import uuid
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.errors import CallerError
from pipeline.absent import absent

# Loaded wherever it is installed, 10 MB, for signatures of other kinds than ours.
with absent("cryptography"):
    import jwt

ALGORITHM = "HS256"
AUDIENCE = "greenroom-session"
LASTS_S = 30 * 60.0
LONGEST_S = 20 * 3600.0
OPENS_WITHIN_S = 60.0
"""How long a token is valid, how long at most, and how long it may begin a session: as tokens of
the Gemini API (`auth_tokens`: 30 minutes, under 20 hours, 60 seconds)."""
MOST_CHARACTERS = 6000
"""A request line holds 8,192 (websockets, `MAX_LINE_LENGTH`), with path and other parameters."""
MOST_USES = 1000
"""Sessions of one token; it remembers each, 40 bytes, in the checkpoint."""
LEAST_SECRET_BYTES = 32
"""RFC 7518, 3.2: as long as the digest."""


@dataclass(frozen=True)
class SessionToken:
    """What a token says.

    Attributes:
        id: Its own name.
        credential: Who minted it.
        issued_s: When; this and the others are seconds since 1970.
        expires_s: Until when it is valid.
        opens_until_s: Until when it may begin a session.
        uses: How many sessions it may begin; 0: any number.
        session: The only one it is for; None: whichever it begins.
        locked: What of the session's manner its bearer may not choose, in the terms of a protocol.
    """

    id: str
    credential: str
    issued_s: float
    expires_s: float
    opens_until_s: float
    uses: int = 1
    session: str | None = None
    locked: Mapping[str, Any] | None = None


class TokenIssuer:
    """Mints tokens, and reads those that it minted.

    Args:
        secret: With which they are signed.
        clock: Seconds since 1970.
    """

    def __init__(self, secret: bytes, clock: Callable[[], float]) -> None:
        assert len(secret) >= LEAST_SECRET_BYTES
        self._secret = secret
        self._clock = clock

    def mint(
        self,
        credential: str,
        *,
        lasts_s: float = LASTS_S,
        opens_within_s: float = OPENS_WITHIN_S,
        uses: int = 1,
        session: str | None = None,
        locked: Mapping[str, Any] | None = None,
    ) -> tuple[str, SessionToken]:
        """Return a new token as text, and what it says. Args as of `SessionToken`.

        Raises:
            CallerError: what is asked for cannot be had.
        """
        if not 0 < lasts_s <= LONGEST_S:
            raise CallerError(f"a token is valid for up to {LONGEST_S / 3600:g} hours")
        if not 0 <= uses <= MOST_USES:
            raise CallerError(f"a token begins up to {MOST_USES} sessions (0: any number)")
        now_s = self._clock()
        token = SessionToken(
            id=uuid.uuid4().hex[:16],
            credential=credential,
            issued_s=now_s,
            expires_s=now_s + lasts_s,
            opens_until_s=now_s + min(max(0.0, opens_within_s), lasts_s),
            uses=uses,
            session=session,
            locked=locked,
        )
        text = jwt.encode(_claims(token), self._secret, ALGORITHM)
        if len(text) > MOST_CHARACTERS:
            raise CallerError(
                f"what is locked in a token makes it {len(text):,} characters long, and an address "
                f"holds {MOST_CHARACTERS:,}: lock less, or have a shorter instruction"
            )
        return text, token

    def read(self, text: str) -> SessionToken:
        """Return what a token says.

        Raises:
            AccessDeniedError: it is not one of ours, or its time is over.
        """
        try:
            claims = jwt.decode(
                text,
                self._secret,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                options={
                    "require": ["exp", "aud", "sub", "jti", "iat"],
                    # By our clock, below; a clock that was set back makes no token invalid.
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
            token = _token(claims)
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, zlib.error):
            raise AccessDeniedError(
                Denial.TOKEN_INVALID, "this is no token of this gateway: have another one minted"
            ) from None
        if self._clock() >= token.expires_s:
            raise AccessDeniedError(
                Denial.TOKEN_EXPIRED, "the token has expired: have another one minted"
            )
        return token


def looks_like_token(text: str) -> bool:
    """Whether it has the shape of a token: no key has it."""
    return text.count(".") == 2


def _claims(token: SessionToken) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "aud": AUDIENCE,
        "sub": token.credential,
        "jti": token.id,
        "iat": token.issued_s,
        "exp": token.expires_s,
        "opens": token.opens_until_s,
        "uses": token.uses,
    }
    if token.session is not None:
        claims["session"] = token.session
    if token.locked is not None:
        packed = zlib.compress(json.dumps(token.locked).encode(), 9)
        claims["locked"] = base64.urlsafe_b64encode(packed).decode()
    return claims


def _token(claims: Mapping[str, Any]) -> SessionToken:
    locked = claims.get("locked")
    if locked is not None:
        locked = json.loads(zlib.decompress(base64.urlsafe_b64decode(locked)))
    return SessionToken(
        id=claims["jti"],
        credential=claims["sub"],
        issued_s=float(claims["iat"]),
        expires_s=float(claims["exp"]),
        opens_until_s=float(claims["opens"]),
        uses=int(claims["uses"]),
        session=claims.get("session"),
        locked=locked,
    )
