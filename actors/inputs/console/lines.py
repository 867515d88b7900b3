"""Lines from a terminal, a pipe or a file, without blocking the loop."""

from __future__ import annotations

import asyncio
import os
import select
import threading
from collections.abc import Callable

READ_BYTES = 65_536
"""A pipe's worth, on Linux."""
LINES_AHEAD = 100
"""Lines read before they are used; then the writer of a pipe has to wait."""
JOIN_S = 1.0
"""The thread is gone within a millisecond, unless another process stole the input it waits for."""


class LineReader:
    """Reads in a daemon thread: the loop can watch a terminal, but no regular file."""

    def __init__(
        self,
        fd: int,
        on_line: Callable[[str], None],
        on_end: Callable[[OSError | None], None],
    ) -> None:
        """Start reading.

        Args:
            fd: Taken over, and closed at the end.
            on_line: Called on the running loop with each line, without its end.
            on_end: Called on the loop after the last line, with the error if there was one.
        """
        self._fd = fd
        self._on_line = on_line
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._room = threading.Semaphore(LINES_AHEAD)
        self._closing = threading.Event()
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(target=self._run, name="lines", daemon=True)
        self._thread.start()

    def taken(self) -> None:
        """A line was dealt with: there is room for one more."""
        self._room.release()

    def close(self) -> None:
        """End the thread, also one that waits for a line."""
        self._closing.set()
        os.close(self._wake_write)
        self._room.release()
        self._thread.join(JOIN_S)

    def _run(self) -> None:
        problem: OSError | None = None
        try:
            self._read()
        except OSError as error:
            problem = error
        finally:
            os.close(self._fd)
            os.close(self._wake_read)
        if not self._closing.is_set():
            self._loop.call_soon_threadsafe(self._on_end, problem)

    def _read(self) -> None:
        pending = b""
        while not self._closing.is_set():
            readable, _, _ = select.select([self._fd, self._wake_read], [], [])
            if self._fd not in readable:
                continue
            block = os.read(self._fd, READ_BYTES)
            *lines, pending = (pending + block).split(b"\n")
            if not block and pending:
                lines, pending = [pending], b""
            for line in lines:
                self._room.acquire()
                if self._closing.is_set():
                    return
                text = line.decode("utf-8", "replace").removesuffix("\r")
                self._loop.call_soon_threadsafe(self._on_line, text)
            if not block:
                return
