"""Which sessions each token has begun: so one that is replayed begins no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.access.tokens import SessionToken

MOST_REMEMBERED = 5_000
"""Tokens that may begin sessions still: eighty new callers a second for a minute, 400 kB."""


def check_session(token: SessionToken | None, session: str) -> None:
    """Look whether a token is for a session.

    Raises:
        AccessDeniedError: it is for another one.
    """
    if token is not None and token.session is not None and session != token.session:
        raise AccessDeniedError(
            Denial.TOKEN_OTHER_SESSION, f"the token is for the session {token.session!r}"
        )


class Redemptions:
    """Lets a token begin its sessions.

    Args:
        table: Of an earlier process, kept up to date: for each token until when it may begin
            sessions, and those that it has begun.
        clock: Seconds since 1970.
        since_s: Since when this table is kept. Of a token that is older it is not known what it
            has begun, so it begins nothing.
    """

    def __init__(
        self, table: dict[str, list[Any]], clock: Callable[[], float], since_s: float
    ) -> None:
        self._table = table
        self._clock = clock
        self._since_s = since_s

    def begin(self, token: SessionToken, session: str) -> None:
        """Let a token begin a session. To come back to one that is open takes no more than
        `check_session`.

        Args:
            token: Valid, and not expired.
            session: Name of the session.

        Raises:
            AccessDeniedError: it may not.
        """
        check_session(token, session)
        now_s = self._clock()
        begun = self._table.get(token.id, [token.opens_until_s])
        used_up = token.uses and len(begun) - 1 >= token.uses
        if used_up or session in begun[1:]:
            raise AccessDeniedError(
                Denial.TOKEN_USED, "the token has begun its session: have another one minted"
            )
        if token.issued_s < self._since_s:
            raise AccessDeniedError(
                Denial.TOKEN_USED,
                "the token is of before the pipeline was started: have another one minted",
            )
        if now_s >= token.opens_until_s:
            raise AccessDeniedError(
                Denial.TOKEN_LATE,
                "the token begins no session any more, it only comes back to one that is open: "
                "have another one minted",
            )
        self._make_room(now_s)
        self._table[token.id] = [*begun, session]

    def give_back(self, token: SessionToken, session: str) -> None:
        """A session that was begun could not be opened after all."""
        begun = self._table.get(token.id)
        if begun is not None and session in begun[1:]:
            begun.remove(session)

    def _make_room(self, now_s: float) -> None:
        for each in [each for each, begun in self._table.items() if now_s >= begun[0]]:
            del self._table[each]
        if len(self._table) >= MOST_REMEMBERED:
            raise AccessDeniedError(
                Denial.NEW_SESSIONS, "too many tokens are in use: try again later", 60.0
            )
