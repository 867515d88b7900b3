"""One-time tokens in the path of a media socket: bound to the call whose webhook was proven.

The webhook of a call is signed; its socket often is not, or cannot be told from one that was heard
on the way. So the answer to the webhook names an address that works once, for some minutes, and for
that call only.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.phone.context import CallDirection

LASTS_S = 300.0
"""From the webhook to the socket: the telephone of an outbound call may ring for minutes, and is
asked only then; what is between is seconds."""
MOST_REMEMBERED = 5_000
"""Calls of five minutes, 16 new ones a second; 1 MB."""
AGAIN = "have the call's webhook asked again: each socket takes a token of its own"


@dataclass(frozen=True)
class CallPass:
    """What a token says.

    Attributes:
        provider: Whose call it is.
        call: A mark of the call id; empty: of a call that has no name yet.
        business: For whom it is.
        direction: Who called whom.
        order: Name of the order by which we called; empty: none.
        expires_s: Until when the socket may come, in seconds since 1970.
        id: Its own name.
        said: What is known of the call besides. It is kept here and not in the token, whose address
            ends up in the logs of others.
    """

    provider: str
    call: str
    business: str = ""
    direction: CallDirection | None = None
    order: str = ""
    expires_s: float = 0.0
    id: str = ""
    said: Mapping[str, str] = field(default_factory=dict)


class CallTokens:
    """Mints tokens, and lets each be used once.

    Args:
        secret: With which the gateway signs its tokens.
        clock: Seconds since 1970.
        table: Of an earlier process, kept up to date: what is remembered of each token.
    """

    def __init__(
        self, secret: bytes, clock: Callable[[], float], table: dict[str, dict[str, Any]]
    ) -> None:
        # Of its own, so that no token of another kind is ever taken for one of these.
        self._key = hmac.digest(secret, b"media sockets of telephone calls", hashlib.sha256)
        self._clock = clock
        self._table = table

    def mint(
        self,
        provider: str,
        call_id: str,
        *,
        business: str = "",
        direction: CallDirection | None = None,
        order: str = "",
        said: Mapping[str, str] | None = None,
        lasts_s: float = LASTS_S,
    ) -> str:
        """Return a token for the socket of a call.

        Args:
            provider: Whose call it is.
            call_id: Its name; empty if it has none yet, and whichever comes first is it.
            business, direction, order, said: As of `CallPass`.
            lasts_s: How long it may be used.

        Raises:
            AccessDeniedError: too many calls are being set up.
        """
        expires_s = self._clock() + lasts_s
        name = secrets.token_urlsafe(9)
        self._make_room()
        self._table[name] = {"until_s": expires_s, "used": False, "said": dict(said or {})}
        claims = [
            name,
            round(expires_s),
            provider,
            self._mark(call_id),
            business,
            "" if direction is None else direction.value,
            order,
        ]
        payload = json.dumps(claims, ensure_ascii=False, separators=(",", ":")).encode()
        return f"{_encoded(payload)}.{_encoded(self._signature(payload))}"

    def read(self, text: str, provider: str) -> CallPass:
        """Return what a token says.

        Raises:
            AccessDeniedError: it is none of ours for this provider, or its time is over.
        """
        try:
            payload, signature = (_decoded(part) for part in text.split("."))
            if not hmac.compare_digest(signature, self._signature(payload)):
                raise ValueError
            name, expires_s, of, call, business, direction, order = json.loads(payload)
        except (ValueError, binascii.Error):
            raise AccessDeniedError(
                Denial.TOKEN_INVALID, f"the path holds no token of this gateway: {AGAIN}"
            ) from None
        if of != provider:
            raise AccessDeniedError(
                Denial.TOKEN_OTHER_CALL, f"the token is for a call of {of}: {AGAIN}"
            )
        if self._clock() >= expires_s:
            raise AccessDeniedError(
                Denial.TOKEN_EXPIRED, f"the token in the path has expired: {AGAIN}"
            )
        kept = self._table.get(name, {})
        return CallPass(
            provider,
            call,
            business,
            CallDirection(direction) if direction else None,
            order,
            expires_s,
            name,
            kept.get("said", {}),
        )

    def use(self, given: CallPass) -> None:
        """Let a token be used.

        Raises:
            AccessDeniedError: it was.
        """
        # A gateway beside this one may have minted it: then it is remembered from now on.
        kept = self._table.setdefault(given.id, {"until_s": given.expires_s, "used": False})
        if kept["used"]:
            raise AccessDeniedError(
                Denial.TOKEN_USED, f"the token in the path has been used: {AGAIN}"
            )
        kept["used"] = True

    def check_call(self, given: CallPass, call_id: str) -> None:
        """Look whether a token is for a call.

        Raises:
            AccessDeniedError: it is for another one.
        """
        if given.call and not hmac.compare_digest(given.call, self._mark(call_id)):
            raise AccessDeniedError(
                Denial.TOKEN_OTHER_CALL, f"the token in the path is for another call: {AGAIN}"
            )

    def _mark(self, call_id: str) -> str:
        """Not the call id itself: with it one may ask the provider for things."""
        if not call_id:
            return ""
        return _encoded(hmac.digest(self._key, b"call " + _bytes(call_id), hashlib.sha256)[:16])

    def _signature(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, b"token " + payload, hashlib.sha256)

    def _make_room(self) -> None:
        now_s = self._clock()
        for name in [name for name, kept in self._table.items() if now_s >= kept["until_s"]]:
            del self._table[name]
        if len(self._table) >= MOST_REMEMBERED:
            raise AccessDeniedError(
                Denial.NEW_SESSIONS, "too many calls are being set up: try again later", 60.0
            )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encoded(data) != text:
        raise ValueError(text)
    return data
