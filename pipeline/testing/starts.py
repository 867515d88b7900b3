"""How a pipeline under test is started: as an interpreter of its own, or from a warm one."""

from __future__ import annotations

import atexit
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TextIO

from pipeline.testing.start_request import COMMAND, StartRequest

SERVER = (sys.executable, "-m", "pipeline.testing.warm_server")
MAX_REPORT_BYTES = 32
"""A pid, or an exit status."""
READ_AT_START = ("PYTHON", "LD_", "MALLOC_", "GLIBC_", "LC_", "LANG", "TZ")
"""What variables begin with that the interpreter and the C library read when they start, and never
again: a process that was forked from one without them would not have them."""


class PipelineProcess(Protocol):
    """What `subprocess.Popen` says and does of a process, as far as tests need it."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int) -> None: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


class ForkedProcess:
    """A process that the warm server has forked, and reaps."""

    def __init__(self, reports: socket.socket, command: Sequence[str]) -> None:
        self._reports = reports
        self._command = command
        self._returncode: int | None = None
        self.pid = self._read()

    def poll(self) -> int | None:
        return self._returncode if self._returncode is not None else self._end_within(0)

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired after so many seconds."""
        if self._returncode is None and self._end_within(timeout) is None:
            raise subprocess.TimeoutExpired(list(self._command), timeout or 0)
        assert self._returncode is not None
        return self._returncode

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _end_within(self, timeout: float | None) -> int | None:
        if select.select([self._reports], [], [], timeout)[0]:
            self._returncode = self._read()
            self._reports.close()
        return self._returncode

    def _read(self) -> int:
        message = self._reports.recv(MAX_REPORT_BYTES)
        assert message, "the process that pipelines are forked from has ended"
        return int(message)


class WarmStarts:
    """The client of the warm server, which is started with the first pipeline."""

    def __init__(self) -> None:
        self.enabled = False
        self.modules: tuple[str, ...] = ()
        self._server: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    @property
    def pid(self) -> int | None:
        """Of the server, if there is one."""
        return self._server.pid if self._server else None

    def start(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path, sink: TextIO
    ) -> ForkedProcess:
        """Run `greenroom` with these arguments."""
        control = self._control or self._begin()
        request = StartRequest(list(command), dict(environment), str(folder))
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            socket.send_fds(control, [request.pack()], [sink.fileno(), theirs.fileno()])
        return ForkedProcess(ours, command)

    def _begin(self) -> socket.socket:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._server = subprocess.Popen(
                [*SERVER, str(theirs.fileno()), os.pathsep.join(sys.path), *self.modules],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        atexit.register(self._end, self._control, self._server)
        return self._control

    @staticmethod
    def _end(control: socket.socket, server: subprocess.Popen[bytes]) -> None:
        control.close()
        server.wait()


WARM = WarmStarts()


@contextmanager
def warm_starts(*modules: str) -> Iterator[None]:
    """Within it, `running` forks its pipelines from a process that has imported what they need.

    A pipeline then takes 2 s less of a processor to start. For tests of what a pipeline does; those
    of how it is started, or of what it imports, want one that is started as users do.

    Args:
        modules: To be imported besides the actors that come with greenroom. They start no thread.
    """
    before = WARM.enabled, WARM.modules
    WARM.enabled, WARM.modules = True, modules
    try:
        yield
    finally:
        WARM.enabled, WARM.modules = before


def read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the part of an environment that only a process of its own takes up."""
    return {name: value for name, value in environment.items() if name.startswith(READ_AT_START)}


def start_pipeline(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, sink: TextIO
) -> PipelineProcess:
    """Run `greenroom` with these arguments, its output going to `sink`."""
    if WARM.enabled and read_at_start(environment) == read_at_start(os.environ):
        return WARM.start(command, environment, folder, sink)
    return subprocess.Popen(
        [str(Path(sys.executable).parent / COMMAND), *command],
        stdin=subprocess.DEVNULL,
        stdout=sink,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        cwd=folder,
    )
