"""Sessions that are not open: those that are over, and conversations of a pipeline of before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.errors import ExpiredSessionError, NoSessionError
from actors.gateway.keeping import Keeping
from actors.gateway.rooms.taken_up import TakenUp
from pipeline.frames import SessionEnded, SessionOpened

MOST_REMEMBERED = 10_000
"""Conversations that are over, whose callers are told so: a day's of a busy machine, 6 MB."""

Owns = Callable[[str, Mapping[str, str]], bool]
"""Whether a session of this name, with these labels, is one's own."""


def of_anybody(_session: str, _labels: Mapping[str, str]) -> bool:
    """Whoever asks may have every session."""
    return True


def check_own(manner: SessionOpened, owns: Owns) -> None:
    """Look whether a session is of who asks.

    Raises:
        AccessDeniedError: it is somebody else's.
    """
    if not owns(manner.session, manner.labels):
        raise AccessDeniedError(
            Denial.NOT_YOURS,
            f"the session {manner.session!r} is somebody else's: choose another name",
        )


class PastSessions:
    """What callers may come back to, or are told is over.

    Attributes:
        keeping: What is told of sessions, and knows those of before.
    """

    def __init__(self) -> None:
        self.keeping = Keeping()
        self._over: dict[str, SessionEnded] = {}
        self._looking: dict[str, asyncio.Task[None]] = {}
        """For conversations that callers come back to."""
        self._taken_up: dict[str, TakenUp] = {}
        """Those that were found, and are not open yet."""

    def opened(self, session: str) -> None:
        """A session is open, and not past."""
        self._over.pop(session, None)
        self._taken_up.pop(session, None)

    def ended(self, ended: SessionEnded) -> None:
        """A session that was open is over."""
        self._over[ended.session] = ended
        if len(self._over) > MOST_REMEMBERED:
            del self._over[next(iter(self._over))]

    def forget(self, sessions: Iterable[str]) -> None:
        """Sessions were erased: nobody is told that they ever were."""
        for session in sessions:
            self._over.pop(session, None)

    def why_not(self, session: str) -> NoSessionError | ExpiredSessionError:
        """Return why a session is not open, as far as this process knows."""
        ended = self._over.get(session)
        if ended is not None:
            return ExpiredSessionError(f"the session {session!r} is over: {ended.detail}")
        return NoSessionError(f"there is no session {session!r}: start one")

    async def explained(
        self, error: NoSessionError | ExpiredSessionError, session: str, owns: Owns
    ) -> NoSessionError | ExpiredSessionError:
        """Return why a session is not open, with what is kept of it, if it is of who asks."""
        past = await self.keeping.past(session)
        if past is None or not owns(session, past["labels"]):
            return error
        why = past["detail"] or past["reason"]
        known = str(error) if isinstance(error, ExpiredSessionError) else ""
        text = known or f"the session {session!r} is over: {why}"
        return ExpiredSessionError(text, {"state": "ended", **past})

    async def look_for(self, session: str, owns: Owns, *, moves: bool = True) -> TakenUp | None:
        """Return how the conversation of another pipeline goes on; None: there is none.

        It is asked for once, however many want it: who asks takes it up.

        Args:
            session: Its name.
            owns: Whether it is of who asks.
            moves: It is the caller who asks: it is taken up from a room that has it still.

        Raises:
            AccessDeniedError: it is somebody else's.
            ElsewhereError: another room has it, and it does not move.
        """
        if session in self._over:
            return None
        while session not in self._taken_up:
            looking = self._looking.get(session)
            if looking is None:
                looking = asyncio.create_task(self._take_up(session, owns, moves=moves))
                self._looking[session] = looking
                await asyncio.shield(looking)
                break
            await asyncio.wait([looking])
            # Who was refused is not who asks now.
            if looking.exception() is None:
                break
        kept = self._taken_up.get(session)
        if kept is not None:
            check_own(kept.manner, owns)
        return kept

    async def _take_up(self, session: str, owns: Owns, *, moves: bool) -> None:
        try:
            kept = await self.keeping.take_up(session, owns, moves=moves)
        finally:
            del self._looking[session]
        if kept is not None:
            # Whoever asked may have gone away meanwhile: it is asked for only once.
            self._taken_up[session] = kept
