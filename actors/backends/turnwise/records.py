"""What a turn-based backend keeps of its sessions on disk."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from actors.backends.store import HISTORY, TURNS
from actors.backends.turnwise.session import TurnBasedSession
from pipeline.store import Store

DISK_PATIENCE_S = 0.1
"""For the word that an answer has begun to be on the disk before it is heard: 1 ms on a disk that
works; somebody is waiting for the answer."""


class SessionRecords:
    """Saves and restores sessions."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def restore(self, session: TurnBasedSession) -> None:
        """Give a session what an earlier process knew of it."""
        name = session.name
        session.restore(self._store.get(name, TURNS), self._store.get(name, HISTORY))

    def save(self, session: TurnBasedSession) -> None:
        """Keep what a process that takes over must know; returns at once."""
        self._store.put(session.name, TURNS, session.kept_turns())
        self._store.put(session.name, HISTORY, session.history.to_json())

    async def saved(self) -> None:
        """Return when what was saved is on the disk; a disk that is slow is not waited for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DISK_PATIENCE_S):
                await self._store.written()

    def forget(self, name: str) -> None:
        """A session has ended: one of that name is a new one."""
        self._store.remove(name)

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()
