"""Intake: pipes for the output of other processes, which are always read."""

from __future__ import annotations

import fcntl
import os
import select
import threading
from collections.abc import Sequence
from contextlib import suppress

from pipeline.outlets.outlet import Outlet

PIPE_BYTES = 1 << 20
"""What Linux lets any user have (/proc/sys/fs/pipe-max-size): so much is taken while this process
does not run, as it is stopped alone."""
READ_BYTES = 1 << 16


class Intake:
    """Reads in a thread of its own.

    Args:
        outlets: Where what is read goes: one pipe for each.

    Attributes:
        descriptors: To write to, in the order of the outlets.
    """

    def __init__(self, outlets: Sequence[Outlet]) -> None:
        self._outlets: dict[int, Outlet] = {}
        self._rest: dict[int, bytes] = {}
        self.descriptors: list[int] = []
        for outlet in outlets:
            read, write = os.pipe()
            with suppress(OSError):
                fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
            self._outlets[read] = outlet
            self._rest[read] = b""
            self.descriptors.append(write)
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to read."""
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
        self._thread.start()

    def close(self, patience_s: float) -> None:
        """Read on until the last who writes has ended, or for so many seconds."""
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors.clear()
        # Control-C may come between the making of the thread and its start.
        if self._thread is not None and self._thread.ident is not None:
            self._thread.join(patience_s)

    def _run(self) -> None:
        poll = select.poll()
        for descriptor in self._outlets:
            poll.register(descriptor, select.POLLIN)
        while self._outlets:
            for descriptor, _ in poll.poll():
                data = os.read(descriptor, READ_BYTES)
                self._hand_on(descriptor, data)
                if not data:
                    poll.unregister(descriptor)
                    os.close(descriptor)
                    del self._outlets[descriptor]

    def _hand_on(self, descriptor: int, data: bytes) -> None:
        """Whole lines, unless one is longer than any should be; at the end, all."""
        lines, rest = self._rest[descriptor] + data, b""
        if data and len(lines) < READ_BYTES:
            lines, end, rest = lines.rpartition(b"\n")
            lines += end
        self._rest[descriptor] = rest
        if lines:
            self._outlets[descriptor].put(lines)
