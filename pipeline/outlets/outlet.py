"""Outlet: takes what is to be written at once, and writes it in a thread of its own."""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from collections.abc import Callable

MOST_WAITING_BYTES = 1 << 20
"""A terminal that goes on after a quarter of an hour still shows all that was logged meanwhile."""

Write = Callable[[memoryview], int]
"""Writes the beginning of what it is given; returns how much. May block; raises OSError."""


class Outlet:
    """Never blocks who writes, and never raises.

    Args:
        name: Of the output, for who reads the count of lines that are missing.
        write: Does the writing.

    Attributes:
        unwritten: Lines that could not be written so far.
        problem: Why the newest of them could not.
    """

    def __init__(self, name: str, write: Write) -> None:
        self.name = name
        self.unwritten = 0
        self.problem = ""
        self._write = write
        self._untold = 0
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._busy = False
        self._ended = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @property
    def is_behind(self) -> bool:
        """Whether what was put before is not yet written."""
        return self._busy or bool(self._waiting)

    def put(self, data: bytes) -> None:
        """Have whole lines written, or counted."""
        with self._changed:
            if self._waiting_bytes + len(data) > MOST_WAITING_BYTES:
                self._lose(data, "nobody reads it")
                return
            self._waiting.append(data)
            self._waiting_bytes += len(data)
            self._changed.notify_all()

    def start(self) -> None:
        """Begin to write; what was put before goes out now."""
        if self._thread is None:
            # A daemon: a write that never returns does not hold up the end of the process.
            thread = threading.Thread(target=self._run, name=self.name, daemon=True)
            thread.start()
            # Not before: one that the system did not give is never over.
            self._thread = thread

    def settle(self, patience_s: float) -> None:
        """Return when all that was put before is written, or after so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: not self.is_behind, patience_s)

    def close(self, patience_s: float) -> None:
        """Return when all is written, or after so many seconds."""
        self.start()
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(patience_s)

    def _run(self) -> None:
        while data := self._next():
            rest = memoryview(data)
            try:
                while rest:
                    rest = rest[self._write(rest) :]
            except OSError as error:
                with self._changed:
                    self._lose(bytes(rest), error.strerror or str(error))
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _next(self) -> bytes:
        """Wait for what is to be written; nothing at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended)
            data = b"".join(self._waiting)
            self._waiting.clear()
            self._waiting_bytes = 0
            if data and self._untold:
                lines = "a line" if self._untold == 1 else f"{self._untold} lines"
                told = f"greenroom: {lines} before this could not be written: {self.problem}\n"
                self._untold = 0
                data = told.encode() + data
            self._busy = bool(data)
            return data

    def _lose(self, data: bytes, problem: str) -> None:
        lines = max(1, data.count(b"\n"))
        self.unwritten += lines
        self._untold += lines
        self.problem = problem


def descriptor_writer(descriptor: int) -> Write:
    """Return what writes to a descriptor."""

    def write(data: memoryview) -> int:
        while True:
            try:
                return os.write(descriptor, data)
            except BlockingIOError:
                # Whoever shares the descriptor has set it so.
                poll = select.poll()
                poll.register(descriptor, select.POLLOUT)
                poll.poll()

    return write
