"""The account on disk: written whole or not at all, so that it survives a kill and a power cut."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from actors.services.budget.account import Account


class DayFile:
    """One file, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._written = -1

    def load(self) -> Account | None:
        """Return what was saved, if anything was.

        Raises:
            OSError: it cannot be read.
            ValueError: it is damaged.
        """
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        return Account.from_json(json.loads(text))

    def set_aside(self) -> Path:
        """Rename a damaged file, for somebody to look at; return its new name. Raises OSError."""
        aside = self.path.with_suffix(".damaged")
        self.path.replace(aside)
        return aside

    def write(self, text: str, revision: int) -> None:
        """Write the account, unless a newer one has been; blocks until it is on the disk.

        Raises:
            OSError: it cannot be written.
        """
        with self._lock:
            if revision <= self._written:
                return
            temporary = self.path.with_suffix(".new")
            opened = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(opened, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.path)
            # The new name is on the disk only when its folder is.
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
            self._written = revision
