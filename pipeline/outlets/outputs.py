"""Outputs of a long-running command: what is printed, what is logged, what its actors write."""

from __future__ import annotations

import errno
import signal
import sys
import time
from pathlib import Path
from typing import Self

from pipeline import inherited
from pipeline.outlets.intake import Intake
from pipeline.outlets.log_file import LogFile
from pipeline.outlets.outlet import Outlet, descriptor_writer
from pipeline.outlets.text import outlet_text

PATIENCE_S = 2.0
"""For a terminal over a slow line to take the last lines; a stopped one holds up the end."""


class Outputs:
    """Takes the place of standard output and error while it is entered.

    Nothing goes out before `start`: until then the process has one thread, and can be forked.

    Args:
        log: File of the log; None: standard error.
    """

    def __init__(self, log: Path | None = None) -> None:
        self._before = sys.stdout, sys.stderr
        outlets = [_outlet("stdout", 1), _outlet("stderr", 2)]
        actors = outlets
        if log is not None:
            actors = [Outlet("log", LogFile(log).write)]
        self._texts = [
            outlet_text(outlet, stream.encoding, is_terminal=stream.isatty())
            for outlet, stream in zip(outlets, self._before, strict=True)
        ]
        self.log = self._texts[1] if log is None else outlet_text(actors[0])
        """Where log lines go."""
        self._outlets = outlets if log is None else [*outlets, *actors]
        self._intake = Intake(actors)
        self._end_by_s: float | None = None

    def __enter__(self) -> Self:
        sys.stdout, sys.stderr = self._texts
        # A job in the background that writes to its terminal would be stopped there, with all that
        # it runs (`stty tostop`).
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        return self

    def __exit__(self, *_exc: object) -> None:
        sys.stdout, sys.stderr = self._before
        self._close_intake()
        for outlet in self._outlets:
            outlet.close(self._patience_s)

    @property
    def descriptors(self) -> tuple[int, int]:
        """For the standard output and error of other processes."""
        return self._intake.descriptors[0], self._intake.descriptors[-1]

    def start(self) -> None:
        """Begin to write, what was written so far included."""
        self._intake.start()
        for outlet in self._outlets:
            outlet.start()

    def settle(self) -> None:
        """Have all written that was printed, logged and, by actors that have ended, said.

        Each output has a thread of its own: only so is what is printed next the last thing that a
        terminal or a file shows to which both go.
        """
        self._close_intake()
        for outlet in self._outlets:
            outlet.settle(self._patience_s)

    def unwritten(self) -> dict[str, int]:
        """Lines that could not be written, by output; only of outputs that lack any."""
        return {each.name: each.unwritten for each in self._outlets if each.unwritten}

    def _close_intake(self) -> None:
        if self._end_by_s is None:
            self._end_by_s = time.monotonic() + PATIENCE_S
            self._intake.close(PATIENCE_S / 2)
        for text in (*self._texts, self.log):
            text.flush()

    @property
    def _patience_s(self) -> float:
        return max(0.0, (self._end_by_s or 0.0) - time.monotonic())


def _outlet(name: str, descriptor: int) -> Outlet:
    closed = inherited.was_closed(descriptor)
    return Outlet(name, _write_nowhere if closed else descriptor_writer(descriptor))


def _write_nowhere(_data: memoryview) -> int:
    raise OSError(errno.EBADF, "it was closed from the start")
