"""The cells that are finished, one line of JSON each: what a broken off evaluation goes on from."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from actors.recordings.evaluation.cells import Cell
from actors.recordings.evaluation.observation import Observed
from pipeline.errors import GreenroomError


class CellJournal:
    """Appends cells to a file; what is in it is not run again."""

    def __init__(self, path: Path) -> None:
        """Read the file, if there is one.

        Raises:
            GreenroomError: it cannot be read, or is something else.
        """
        self.path = path
        self.finished: dict[str, Observed] = {}
        """By the key of the cell."""
        self._torn = False
        try:
            content = path.read_bytes() if path.exists() else b""
        except OSError as error:
            raise GreenroomError(f"{path} cannot be read: {error.strerror}") from error
        lines = content.split(b"\n")
        # What is behind the last line break was being written when the process was killed.
        self._torn = bool(lines[-1])
        for number, line in enumerate(lines[:-1], 1):
            if line:
                self._read(line, number)

    def add(self, cell: Cell, observed: Observed) -> None:
        """Note that a cell is finished, for good.

        Raises:
            GreenroomError: it cannot be written.
        """
        entry: dict[str, Any] = {
            "key": cell.key,
            "recording": cell.recording.name,
            "variant": cell.variant.name,
            "snr_db": cell.background.snr_db,
            "observed": observed.model_dump(mode="json"),
        }
        line = ("\n" if self._torn else "") + json.dumps(entry) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise GreenroomError(
                f"{self.path} cannot be written: {error.strerror}; what was finished is in it"
            ) from error
        self._torn = False
        self.finished[cell.key] = observed

    def _read(self, line: bytes, number: int) -> None:
        try:
            entry = json.loads(line)
            self.finished[entry["key"]] = Observed.model_validate(entry["observed"])
        except ValidationError as error:
            raise GreenroomError(
                f"{self.path}:{number} is of another version of greenroom: "
                "move the file away, or name another with -o"
            ) from error
        except (ValueError, KeyError, TypeError):
            # Half a line, completed by the process that went on: its cell is run again.
            if not line.startswith(b'{"key"'):
                raise GreenroomError(
                    f"{self.path}:{number} is no journal of an evaluation: name another with -o"
                ) from None
