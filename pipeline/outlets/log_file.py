"""Log file: grows to a limit, keeps a few older ones, and comes back when it was removed."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

MOST_BYTES = 10_000_000
"""A month of a robot that logs 30 lines an hour is 2 MB; one that complains every second fills it
in a day."""
OLDER = 3
"""`greenroom.log.1` is the newest of them: 40 MB in all, on the smallest card."""


class LogFile:
    """Opened when there is something to write, and as often as needed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def write(self, data: memoryview) -> int:
        """Append; return how much was written.

        Raises:
            OSError: it cannot be opened or written; the next write tries again.
        """
        size = self._size()
        if size is not None and size + len(data) > MOST_BYTES:
            self._rotate()
            size = None
        if size is None:
            self._open()
        assert self._descriptor is not None
        return os.write(self._descriptor, data)

    def close(self) -> None:
        """Close it, if it is open."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _size(self) -> int | None:
        """Its size; None if it is not open, or another file has taken its place."""
        if self._descriptor is None:
            return None
        ours = os.fstat(self._descriptor)
        with suppress(OSError):
            there = self.path.stat()
            if (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino):
                return ours.st_size
        return None

    def _open(self) -> None:
        self.close()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Not blocking: in its place may be a FIFO that nobody reads.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
        self._descriptor = os.open(self.path, flags, 0o600)

    def _rotate(self) -> None:
        names = [
            self.path,
            *(self.path.with_name(f"{self.path.name}.{n}") for n in range(1, OLDER + 1)),
        ]
        for newer, older in zip(names[-2::-1], names[:0:-1], strict=True):
            with suppress(FileNotFoundError):
                newer.replace(older)
