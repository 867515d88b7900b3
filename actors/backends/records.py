"""What a backend keeps on disk of a session: its turns, and what was said."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from actors.backends.history import History
from actors.backends.tool_calls import CallRecord
from pipeline.logs import Logger
from pipeline.store import Store
from pipeline.surroundings import Surroundings

TURNS, HISTORY = "turns", "history"
"""Keys of rows; turns are of this run: they are named after positions, which begin anew at 0."""
SAID_LIFE_S = 2 * 3600.0
"""As long as services keep a session (Gemini's documentation): the backend whose service knows the
session and those that know the words forget them together."""
DISK_PATIENCE_S = 0.1
"""For the word that an answer has begun to be on the disk before it is heard: 1 ms on a disk that
works; somebody is waiting for the answer."""


def open_store(surroundings: Surroundings, log: Logger) -> Store:
    """Return the store of a backend: one file an actor, rows a session."""
    path = surroundings.state_dir / f"{surroundings.name}.sqlite3"
    return Store(path, surroundings.started_ns, log)


@dataclass
class KeptTurns:
    """What a process that takes over must know of the turns.

    Attributes:
        over: Those that want no answer any more.
        begun: Of whose answer something was sent and which has not ended, with the epoch.
        answered: Whose answer has ended, with the epoch.
        epoch: Of the route.
        owed: Calls whose result the user waits for: without a response, or with one not told yet.
    """

    over: list[str] = field(default_factory=list)
    begun: dict[str, int] = field(default_factory=dict)
    answered: dict[str, int] = field(default_factory=dict)
    epoch: int = 0
    owed: list[CallRecord] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {**vars(self), "owed": [call.to_json() for call in self.owed]}


class SessionRecords:
    """Saves and restores a session; what is kept is written off the loop.

    Args:
        store: Of the actor.
        session: Whose rows these are.
        history: Of the session.
        log: Of the actor.
        run: Start of the pipeline's run, monotonic ns, if the next run is to know what was said;
            None: somebody else keeps that.
    """

    def __init__(
        self, store: Store, session: str, history: History, log: Logger, run: int | None = None
    ) -> None:
        self._store = store
        self._session = session
        self._history = history
        self._log = log
        self._run = run

    @property
    def outlives_run(self) -> bool:
        """Whether the next run is to know what was said."""
        return self._run is not None

    def restore(self) -> KeptTurns:
        """Take over what an earlier process knew; what is damaged is left behind."""
        try:
            row = self._store.get(self._session, HISTORY)
            if row and row["run"] == self._run:
                self._history.restore(row["turns"])
                self._history.recall(_words(row["before"]))
            elif row and 0 <= time.time() - row["at_s"] < SAID_LIFE_S:
                self._history.recall(self._said(row))
            return _kept(self._store.get(self._session, TURNS))
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            self._log.warning("starting without the memory of before", error=str(error))
            return KeptTurns()

    def save(self, turns: KeptTurns) -> None:
        """Keep where the conversation is; returns at once."""
        self._store.put(self._session, TURNS, turns.to_json())
        row = {
            "run": self._run,
            "at_s": time.time(),
            "before": self._history.before,
            "turns": self._history.to_json(),
        }
        self._store.put(self._session, HISTORY, row, outlives_run=self.outlives_run)

    async def saved(self) -> None:
        """Return when what was saved is on the disk; a disk that is slow is not waited for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DISK_PATIENCE_S):
                await self._store.written()

    def _said(self, row: Any) -> list[tuple[str, str]]:
        """Return role and text of what was said up to the end of an earlier run."""
        earlier = History(reported=self._history.reported)
        earlier.restore(row["turns"])
        return [*_words(row["before"]), *earlier.contents()]

    def forget(self) -> None:
        """The session has ended: one of its name is a new one."""
        self._store.remove(self._session)


def _words(saved: Any) -> list[tuple[str, str]]:
    return [(str(role), str(text)) for role, text in saved]


def _kept(row: Any) -> KeptTurns:
    if not row:
        return KeptTurns()
    begun, answered = dict(row["begun"]), dict(row["answered"])
    owed = [CallRecord(**call) for call in row["owed"]]
    return KeptTurns(list(row["over"]), begun, answered, int(row["epoch"]), owed)
