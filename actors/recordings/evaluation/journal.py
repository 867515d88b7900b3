"""Journal of finished cells, in a store: an interrupted evaluation continues from it."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import ValidationError

from actors.recordings.evaluation.cells import Cell
from actors.recordings.evaluation.observation import Observed
from pipeline.errors import GreenroomError
from pipeline.logs import get_logger
from pipeline.store import Store

CELLS = "cells"
"""The rows are under this name; their keys are those of the cells."""
WRITE_S = 30.0
"""For the disk: a cell takes a quarter of a minute and more, and an SD card may be busy."""
SQLITE_HEADER = b"SQLite format 3\0"
"""Every SQLite file begins with it: https://www.sqlite.org/fileformat.html, section 1.3."""


class CellJournal:
    """Keeps cells in a file, across runs and power cuts; what is in it is not run again."""

    def __init__(self, path: Path) -> None:
        """Read the file, if there is one.

        Raises:
            GreenroomError: it cannot be read, or is something else.
        """
        self.path = path
        self.finished: dict[str, Observed] = {}
        """By the key of the cell."""
        self._store: Store | None = None
        if path.exists():
            self._require_store()
            self._store = self._open()
            self._read(self._store)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def add(self, cell: Cell, observed: Observed) -> None:
        """Record that a cell is finished; returns when it is on the disk.

        Raises:
            GreenroomError: it cannot be written.
        """
        if self._store is None:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise self._unwritable(error.strerror or str(error)) from error
            self._store = self._open()
        self._store.put(CELLS, cell.key, observed.model_dump(mode="json"), outlives_run=True)
        if not self._store.wait_written(WRITE_S):
            raise self._unwritable("see to the disk and its permissions")
        self.finished[cell.key] = observed

    def _open(self) -> Store:
        return Store(self.path, run=0, log=get_logger("evaluate"), durable=True)

    def _require_store(self) -> None:
        try:
            with self.path.open("rb") as file:
                header = file.read(len(SQLITE_HEADER))
        except OSError as error:
            raise GreenroomError(f"{self.path} cannot be read: {error.strerror}") from error
        # It is empty if the process was killed as it made it.
        if header not in (b"", SQLITE_HEADER):
            raise GreenroomError(
                f"{self.path} is no journal of an evaluation: name another with -o"
            )

    def _read(self, store: Store) -> None:
        try:
            for key, row in store.items(CELLS).items():
                self.finished[key] = Observed.model_validate(row)
        except ValidationError as error:
            store.close()
            raise GreenroomError(
                f"{self.path} is of another version of greenroom: "
                "move the file away, or name another with -o"
            ) from error

    def _unwritable(self, why: str) -> GreenroomError:
        return GreenroomError(f"{self.path} cannot be written: {why}; what was finished is in it")
