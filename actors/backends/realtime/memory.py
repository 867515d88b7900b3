"""What outlives the process: the resumption handle, what was answered, what was said."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actors.backends.history import History
from pipeline.logs import Logger

HANDLE_LIFE_S = 2 * 3600.0
"""The service keeps a session for two hours after its end."""


@dataclass(frozen=True)
class Memorable:
    """Turns by name: those that are `over`, and those whose answer has `begun`; the `epoch` of
    the route."""

    over: list[str]
    begun: list[str]
    epoch: int


@dataclass
class Memory:
    """One file per actor and session, readable by its owner only.

    Attributes:
        handle: Resumes the session; made at wall-clock time `handle_at_s`, for `peer`.
        peer: Server and model that the handle is good for.
        run: The pipeline run (its start, monotonic ns) that `over` and `begun` belong to: turns
            are named after positions, which every run counts from 0.
        over: Turns that are answered or given up.
        begun: Turns whose answer was being made.
        epoch: Of the route.
    """

    path: Path
    run: int = 0
    handle: str | None = None
    handle_at_s: float = 0.0
    peer: str = ""
    over: list[str] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    epoch: int = 0
    history: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path, run: int) -> Memory:
        """Read the file; what another run left is kept only as far as it is of use.

        Raises:
            OSError: the file cannot be read.
            ValueError: it is damaged.
        """
        memory = cls(path, run)
        if not path.exists():
            return memory
        data = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict):
            raise ValueError("not a JSON object")
        memory.handle = data.get("handle")
        memory.handle_at_s = float(data.get("handle_at_s") or 0)
        memory.peer = str(data.get("peer", ""))
        if data.get("run") == run:
            memory.over = list(data.get("over", []))
            memory.begun = list(data.get("begun", []))
            memory.epoch = int(data.get("epoch", 0))
            memory.history = dict(data.get("history", {}))
        return memory

    def usable_handle(self, peer: str, now_s: float) -> str | None:
        """The handle, if it is for this server and model and not too old."""
        fresh = 0 <= now_s - self.handle_at_s < HANDLE_LIFE_S
        return self.handle if fresh and self.peer == peer else None

    def keep_handle(self, handle: str, peer: str, now_s: float) -> None:
        """A newer handle replaces the one before."""
        self.handle, self.peer, self.handle_at_s = handle, peer, now_s

    def turns(self) -> Memorable:
        """What was noted of the turns."""
        return Memorable(self.over, self.begun, self.epoch)

    def note(self, turns: Memorable, history: dict[str, Any]) -> None:
        """Take what is to be saved."""
        self.over, self.begun, self.epoch = turns.over, turns.begun, turns.epoch
        self.history = history

    def save(self) -> None:
        """Write the file, whole or not at all. Raises OSError."""
        data = {key: value for key, value in vars(self).items() if key != "path"}
        temporary = self.path.with_suffix(".new")
        opened = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            # In one piece, which is ten times as fast as `dump`.
            file.write(json.dumps(data))
        temporary.replace(self.path)

    def remove(self) -> None:
        """Remove the file. Raises OSError."""
        self.path.unlink(missing_ok=True)


class Keeper:
    """Loads and saves a memory; the conversation goes on when the disk does not."""

    def __init__(self, path: Path, run: int, history: History, log: Logger) -> None:
        self._log = log
        self._works = True
        try:
            self.memory = Memory.load(path, run)
            history.restore(self.memory.history)
        except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
            log.warning("starting without the memory of before", file=str(path), error=str(error))
            self.memory = Memory(path, run)

    def save(self) -> None:
        """Save; trouble is logged once, not raised."""
        try:
            self.memory.save()
            self._works = True
        except OSError as error:
            if self._works:
                self._log.warning("cannot keep the session on disk", error=str(error))
            self._works = False

    def remove(self) -> None:
        """Remove the file: the session is over, and nobody comes back to it."""
        try:
            self.memory.remove()
        except OSError as error:
            self._log.warning("cannot remove the session from disk", error=str(error))
