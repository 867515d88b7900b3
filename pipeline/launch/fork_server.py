"""Forks the actors from a process that has imported what they share.

A fork takes 2 ms instead of the 100-400 ms an interpreter and its imports take, and the pages of
the imported modules are shared. The server is itself a fork of the supervisor where it can be. It
opens no ZeroMQ context and starts no thread, so that forking it is safe. It is told what to do in
datagrams on a unix socket, and it reaps its children and says how they ended. When the supervisor
is gone it ends, and with it, by PDEATHSIG, every actor.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import faulthandler
import gc
import importlib
import json
import os
import pickle
import select
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from pipeline import logs
from pipeline.errors import GreenroomError
from pipeline.launch.spec import ActorSpec

SHARED_MODULES = ("pipeline.logs", "pipeline.host", "numpy")
"""What every actor needs; numpy only those that take sound or pictures apart, which are most."""
MAX_MESSAGE_BYTES = 4096
"""Messages are a few words; what an actor needs to know comes in a file."""
FORK = b"fork"
"""Asks for a process; comes with a file that holds the pickled spec and the modules to preload."""
LOG = b"log"
"""Comes with the file to which standard output and error of all that follows go."""
PING = b"ping"
"""Asks for a sign of life."""
EXIT_USAGE = 78
"""EX_CONFIG of sysexits.h: what the user configured cannot work; the reason is in a file."""
PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
"""linux/prctl.h"""


def error_file(runtime_dir: Path, actor: str) -> Path:
    """Where an actor that exits with EXIT_USAGE leaves its reason."""
    return runtime_dir / f"{actor}.error"


def die_with_parent(parent_pid: int) -> None:
    """Be killed when the parent dies, also when it died already. Linux only, elsewhere nothing."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(1)


def _name_process(name: str) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_NAME, f"gr:{name}".encode()[:15], 0, 0, 0)


def _be_actor(spec: ActorSpec) -> NoReturn:
    """Run the actor in this freshly forked process, to its end."""
    from pipeline.host import Host

    code = 0
    try:
        _name_process(spec.name)
        faulthandler.register(signal.SIGUSR1, file=sys.stderr, all_threads=True)
        logs.configure(level=spec.log_level)

        async def life() -> None:
            await Host(spec).run()

        asyncio.run(life())
    except GreenroomError as error:
        code = EXIT_USAGE
        error_file(spec.runtime_dir, spec.name).write_text(logs.redact(str(error)))
    except BaseException:  # noqa: BLE001 - the process ends here, whatever it was
        code = 1
        logs.get_logger(spec.name).error("actor failed", exc_info=True)
    sys.stdout.flush()
    sys.stderr.flush()
    # No interpreter shutdown: threads left by tools or drivers must not hold the process up.
    os._exit(code)


class ForkServer:
    """The loop of the fork server's process.

    Without garbage collection: it would only look at what was imported, for 20 ms at a time, and
    copy the pages on which the objects count who refers to them.
    """

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._pid = os.getpid()

    def serve(self) -> None:
        """Fork and reap until the supervisor closes the socket."""
        wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        while True:
            readable, _, _ = select.select([self._control.fileno(), wake_read], [], [])
            if wake_read in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(wake_read, 4096)
                self._reap()
            if self._control.fileno() in readable:
                message, descriptors, _, _ = socket.recv_fds(self._control, MAX_MESSAGE_BYTES, 1)
                if not message:
                    return
                if message == PING:
                    self._send({"alive": self._pid})
                for descriptor in descriptors:
                    with os.fdopen(descriptor, "rb") as file:
                        self._obey(message, file)

    def _obey(self, message: bytes, file: BinaryIO) -> None:
        if message == LOG:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
            return
        file.seek(0)
        self._fork(*pickle.load(file))

    def _import(self, modules: Sequence[str]) -> None:
        for module in modules:
            # A module that cannot be imported fails in the actor, which can say so.
            with contextlib.suppress(ImportError):
                importlib.import_module(module)
        gc.freeze()

    def _fork(self, spec: ActorSpec, preload: Sequence[str]) -> None:
        self._import(preload)
        # This process ignores SIGTERM; one that is meant for the child must not fall in between.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
            # Control-C reaches the whole process group; only the supervisor decides who stops.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            gc.enable()
            die_with_parent(self._pid)
            self._control.close()
            _be_actor(spec)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        self._send({"born": spec.name, "pid": pid})

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._send({"died": pid, "code": os.waitstatus_to_exitcode(status)})

    def _send(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._control.send(json.dumps(message).encode())


def keep_to_one_thread() -> None:
    """Set what libraries must find in the environment before they are imported.

    Threads of a numerical library would neither survive the fork nor be of use at 16 kHz;
    onnxruntime reports to its maker from a thread that it starts when it is imported, and with
    that thread a forked child hangs at its end.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


def import_shared() -> None:
    """Import what every actor needs, and what those need that look into the sound."""
    for module in SHARED_MODULES:
        importlib.import_module(module)


def be_server(control: socket.socket, supervisor_pid: int) -> NoReturn:
    """Serve from this process until the supervisor is gone."""
    die_with_parent(supervisor_pid)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _name_process("forkserver")
    control.set_inheritable(False)
    gc.disable()
    ForkServer(control).serve()
    os._exit(0)


def main() -> None:
    """Entry point: `python -m pipeline.launch.fork_server FD SUPERVISOR_PID`."""
    gc.disable()
    keep_to_one_thread()
    import_shared()
    be_server(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))


if __name__ == "__main__":
    main()
