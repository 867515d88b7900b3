"""Temporary folders that are removed also when the process they were made by is killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self


class OwnedFolder:
    """A temporary folder that this process holds by a lock until it is removed.

    The kernel lets go of the lock when the process ends, however it ends. Then whoever makes the
    next folder of that prefix removes this one.
    """

    def __init__(self, prefix: str) -> None:
        """Make one that is not there yet; `prefix` is of its name, and of no other's."""
        self._prefix = prefix
        self._held = -1
        self.path = Path()

    def __enter__(self) -> Self:
        """Remove those of killed processes, and make this one."""
        sweep(self._prefix)
        while self._held < 0:
            self.path = Path(tempfile.mkdtemp(prefix=self._prefix))
            self._held = _lock(self.path)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # What dies with a process that was killed may write for a moment longer.
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._held)
        self._held = -1


def sweep(prefix: str) -> list[Path]:
    """Remove the folders of this prefix whose process is gone; return which."""
    removed = []
    for path in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        held = _lock(path)
        if held < 0:
            continue
        shutil.rmtree(path, ignore_errors=True)
        os.close(held)
        removed.append(path)
    return removed


def _lock(path: Path) -> int:
    """Return a descriptor that holds the folder; -1: another process does, or it is gone."""
    try:
        held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        # Of another user, no folder, or gone.
        return -1
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Somebody may have removed it before it was held, and made another of its name.
        if os.path.samestat(os.fstat(held), path.stat()):
            return held
    except OSError:
        pass
    os.close(held)
    return -1
