"""The process of the fork server, started in one of two ways."""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Protocol, TextIO
from weakref import WeakSet

from pipeline.launch.fork_server import be_server

_our_ends: WeakSet[socket.socket] = WeakSet()
"""Of the control sockets: a server that kept another one's open would keep that one alive."""


class ServerProcess(Protocol):
    """What `subprocess.Popen` and `Forked` have in common."""

    pid: int

    def poll(self) -> int | None:
        """Return how it ended; None: it runs."""

    def wait(self) -> int:
        """Return how it ended, once it has."""

    def kill(self) -> None:
        """Send SIGKILL."""


class Forked:
    """A child made with `os.fork`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        """Return how it ended; None: it runs."""
        return self._reap(os.WNOHANG)

    def wait(self) -> int:
        """Return how it ended, once it has."""
        code = self._reap(0)
        assert code is not None
        return code

    def kill(self) -> None:
        """Send SIGKILL."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def _reap(self, options: int) -> int | None:
        if self._code is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code


def spawn_server(theirs: socket.socket, log_stream: TextIO | None) -> ServerProcess:
    """Start the fork server in an interpreter of its own, from any process.

    Args:
        theirs: The fork server's end of the control socket.
        log_stream: Where its standard output and error go; None leaves them as ours.
    """
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "pipeline.launch.fork_server",
            str(theirs.fileno()),
            str(os.getpid()),
        ],
        pass_fds=[theirs.fileno()],
        stdout=log_stream,
        stderr=log_stream,
    )


def fork_server(
    theirs: socket.socket, ours: socket.socket, log_stream: TextIO | None
) -> ServerProcess:
    """Start the fork server as a fork of this process, with whose pages it shares 30 MiB.

    Only while this process has no second thread and no ZeroMQ context; otherwise in an
    interpreter of its own.
    """
    if not _has_one_thread():
        return spawn_server(theirs, log_stream)
    _our_ends.add(ours)
    sys.stdout.flush()
    sys.stderr.flush()
    gc.freeze()
    parent = os.getpid()
    # Control-C between fork and return would be swallowed by what Python does after a fork, and
    # only the child would end.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    pid = os.fork()
    if pid:
        server = Forked(pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        return server
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        for end in _our_ends:
            end.close()
        if log_stream is not None:
            os.dup2(log_stream.fileno(), 1)
            os.dup2(log_stream.fileno(), 2)
        be_server(theirs, parent)
    finally:
        os._exit(1)


def _has_one_thread() -> bool:
    try:
        return sum(1 for _ in Path("/proc/self/task").iterdir()) == 1
    except FileNotFoundError:
        return False
