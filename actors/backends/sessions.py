"""The conversations that a backend holds at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from actors.backends.store import Keeper, Memory
from actors.backends.turnwise.session import Session
from pipeline.actor import Surroundings
from pipeline.logs import Logger

MOST_SESSIONS = 300
"""Each keeps 1 MB of sound. The ones silent for longest go first."""


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
        self._run = surroundings.started_ns
        self._keeper = Keeper(surroundings.state_dir, surroundings.name, self._run, log)
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
        """Keep what a process that takes over must know."""
        memory = Memory(self._run)
        session.remember(memory)
        self._keeper.save(session.name, memory)

    def _open(self, name: str) -> Session:
        session = Session(
            name, owned="route" not in self._connected, reported="playback" in self._connected
        )
        self._sessions[name] = session
        memory = self._keeper.load(name)
        session.restore(memory)
        self._on_open(session, memory.begun)
        idle = [each for each in self if each.answer is None and each is not session]
        if len(self._sessions) > MOST_SESSIONS and idle:
            del self._sessions[min(idle, key=lambda each: each.touched_s).name]
        return session
