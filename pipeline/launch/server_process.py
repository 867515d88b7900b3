"""The process of the fork server: a fork of this one, or an interpreter of its own."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from pathlib import Path

from pipeline.errors import GreenroomError
from pipeline.inherited import take_streams
from pipeline.launch.fork_server import BLOCKED, run_server


class ServerProcess:
    """Started in `__init__`.

    Args:
        theirs: The fork server's end of the control socket.
        ours: The other end.
        outputs: Descriptors where its standard output and error go; None leaves them as ours.
        forked: As a fork of this process, with whose pages it shares 38 MiB. Only while this
            process has no second thread and no ZeroMQ context; otherwise in an interpreter of its
            own.
    """

    def __init__(
        self,
        theirs: socket.socket,
        ours: socket.socket,
        outputs: tuple[int, int] | None,
        *,
        forked: bool,
    ) -> None:
        self.is_fork = forked and _has_one_thread()
        # It hears neither Control-C nor SIGTERM, from the beginning.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, BLOCKED)
        try:
            self.pid = _fork(theirs, ours, outputs) if self.is_fork else _spawn(theirs, outputs)
        except OSError as error:
            raise GreenroomError(
                f"no process can be started ({error.strerror}): raise the limit (`ulimit -u`, in "
                "systemd TasksMax), or end others"
            ) from error
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self._is_over = False

    def kill(self) -> None:
        """Send SIGKILL."""
        if not self._is_over:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> None:
        """Return when it has ended."""
        if not self._is_over:
            os.waitpid(self.pid, 0)
            self._is_over = True


def _spawn(theirs: socket.socket, outputs: tuple[int, int] | None) -> int:
    theirs.set_inheritable(True)
    command = [sys.executable, "-m", "pipeline.launch.fork_server"]
    streams = zip(outputs or (), (1, 2), strict=False)
    actions = [(os.POSIX_SPAWN_DUP2, descriptor, to) for descriptor, to in streams]
    arguments = [*command, str(theirs.fileno()), str(os.getpid())]
    return os.posix_spawn(sys.executable, arguments, os.environ, file_actions=actions)


def _fork(theirs: socket.socket, ours: socket.socket, outputs: tuple[int, int] | None) -> int:
    # Not as a Process of multiprocessing: this one would wait for it at its end, after whatever
    # exception, while it waits for the end of this one.
    sys.stdout.flush()
    sys.stderr.flush()
    gc.freeze()
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        ours.close()
        take_streams(outputs)
        run_server(theirs, parent)
    finally:
        os._exit(1)


def _has_one_thread() -> bool:
    threads = Path("/proc/self/task")
    return threads.exists() and len(list(threads.iterdir())) == 1
