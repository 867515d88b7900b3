"""What outlives the process: which turns were answered, and what was said."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipeline.logs import Logger


@dataclass
class Memory:
    """Of one session in one run of the pipeline: turns are named after positions in it.

    Attributes:
        run: When the pipeline started, monotonic ns.
        begun: Turns of whose answer something was sent, and the epoch.
        answered: Turns whose answer has ended, and the epoch.
        over: Turns that are closed.
        history: As `History.to_json` gives it.
    """

    run: int
    begun: dict[str, int] = field(default_factory=dict)
    answered: dict[str, int] = field(default_factory=dict)
    over: list[str] = field(default_factory=list)
    history: dict[str, Any] = field(default_factory=dict)


class Keeper:
    """Loads and saves memories; the conversation goes on when the disk does not."""

    def __init__(self, folder: Path, actor: str, run: int, log: Logger) -> None:
        self._folder = folder
        self._actor = actor
        self._run = run
        self._log = log
        self._works = True

    def load(self, session: str) -> Memory:
        """What an earlier process of this run saved; else an empty memory."""
        path = self._path(session)
        try:
            if path.exists():
                memory = Memory(**json.loads(path.read_text(encoding="utf-8")))
                if memory.run == self._run:
                    return memory
        except (OSError, ValueError, TypeError) as error:
            self._log.warning("starting without memory", file=str(path), error=str(error))
        return Memory(self._run)

    def save(self, session: str, memory: Memory) -> None:
        """Write the file, whole or not at all; trouble is logged once, not raised."""
        path = self._path(session)
        temporary = path.with_suffix(".new")
        try:
            opened = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(opened, "w", encoding="utf-8") as file:
                # In one piece, which is ten times as fast as `dump`.
                file.write(json.dumps(vars(memory)))
            temporary.replace(path)
            self._works = True
        except OSError as error:
            if self._works:
                self._log.warning("cannot keep the session on disk", error=str(error))
            self._works = False

    def _path(self, session: str) -> Path:
        return self._folder / f"{self._actor}-{quote(session, safe='')}.json"
