"""What a process inherits from whoever started it, put right before anything relies on it."""

from __future__ import annotations

import io
import os
import signal
import sys
import time
from datetime import datetime
from typing import TextIO

_STANDARD = (0, 1, 2)
_closed: set[int] = set()


def put_right() -> None:
    """Have standard streams and local time, hear every signal, be able to wait for children.

    To be called first of all. A descriptor below 3 that is closed would go to the next file or
    socket that is opened, and whatever prints would write into it.
    """
    for descriptor in _STANDARD:
        if not _is_open(descriptor):
            _closed.add(descriptor)
            # The lowest that is free, which is this one. Programs started later have it too.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdin = sys.stdin or _stream(0, "r")
    sys.stdout = sys.stdout or _stream(1, "w")
    sys.stderr = sys.stderr or _stream(2, "w")
    # A parent that ignores or blocks signals leaves that to its children. Without SIGCHLD the
    # kernel forgets how a child ended.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
    _have_local_time()


def was_closed(descriptor: int) -> bool:
    """Whether this standard stream was closed when the process was started."""
    return descriptor in _closed


def take_streams(descriptors: tuple[int, int] | None) -> None:
    """In a fork: write to these descriptors from now on, as standard output and error.

    Args:
        descriptors: Of standard output and of standard error; None leaves them as they are.
    """
    for standard, descriptor in zip((1, 2), descriptors or (1, 2), strict=True):
        os.dup2(descriptor, standard)
    # What the parent has in their place may write with a thread that is not here, or believe that
    # it can seek.
    sys.stdout = _stream(1, "w", sys.stdout.encoding)
    sys.stderr = _stream(2, "w", sys.stderr.encoding)


def _have_local_time() -> None:
    """Have UTC for local time if TZ names a zone a day or more from it, which datetime refuses."""
    try:
        datetime.now().astimezone()
    except ValueError:
        os.environ["TZ"] = "UTC"
        time.tzset()


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _stream(descriptor: int, mode: str, encoding: str = "utf-8") -> TextIO:
    file = os.fdopen(descriptor, f"{mode}b", closefd=False)
    return io.TextIOWrapper(file, encoding, errors="replace", line_buffering=True)
