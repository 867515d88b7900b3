"""The conversations that a backend holds at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from actors.backends.store import HISTORY, TURNS, open_store
from actors.backends.turnwise.session import Session
from pipeline.actor import Surroundings
from pipeline.logs import Logger

MOST_SESSIONS = 300
"""Each keeps 1 MB of sound. The ones silent for longest go first."""


DISK_PATIENCE_S = 0.1
"""For the word that an answer has begun to be on the disk before it is heard: 1 ms on a disk that
works; somebody is waiting for the answer."""


class Sessions:
    """Opens a session at its first frame, with what an earlier process knew of it.

    Args:
        surroundings: Of the actor.
        log: Of the actor.
        on_open: Called with each session that is opened, and with the turns of whose answers
            an earlier process had sent only a part, by epoch.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        log: Logger,
        on_open: Callable[[Session, dict[str, int]], None],
    ) -> None:
        self._sessions: dict[str, Session] = {}
        self._connected = surroundings.connected
        self._store = open_store(surroundings, log)
        self._on_open = on_open

    def __iter__(self) -> Iterator[Session]:
        return iter(self._sessions.values())

    def get(self, name: str) -> Session:
        """Return a session, opened if need be."""
        session = self._sessions.get(name)
        if session is None:
            session = self._open(name)
        session.touched_s = time.monotonic()
        return session

    def save(self, session: Session) -> None:
        """Keep what a process that takes over must know; returns at once."""
        self._store.put(session.name, TURNS, session.kept_turns())
        self._store.put(session.name, HISTORY, session.history.to_json())

    async def saved(self) -> None:
        """Return when what was saved is on the disk; a disk that is slow is not waited for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DISK_PATIENCE_S):
                await self._store.written()

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    def _open(self, name: str) -> Session:
        session = Session(
            name, owned="route" not in self._connected, reported="playback" in self._connected
        )
        self._sessions[name] = session
        begun = session.restore(self._store.get(name, TURNS), self._store.get(name, HISTORY))
        self._on_open(session, begun)
        idle = [each for each in self if each.answer is None and each is not session]
        if len(self._sessions) > MOST_SESSIONS and idle:
            del self._sessions[min(idle, key=lambda each: each.touched_s).name]
        return session
