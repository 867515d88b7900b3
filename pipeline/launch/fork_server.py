"""The fork server's process: imports what actors share, forks them, says how each ended.

It opens no ZeroMQ context and starts no thread, so that forking it is safe. Its messages are
datagrams on a unix socket. When the supervisor is gone it ends, and with it, by PDEATHSIG, every
actor.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pickle
import select
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

from pipeline.hosting.spec import ActorSpec
from pipeline.launch.prctl import die_with_parent, name_process

ACTOR_MAIN = "pipeline.launch.actor_main"
"""Not imported with this module: the supervisor imports it later than this."""
SHARED_MODULES = (ACTOR_MAIN, "numpy")
"""What every actor needs; numpy only those that take sound or pictures apart, which are most."""
MAX_MESSAGE_BYTES = 4096
"""Messages are a few words; what an actor needs to know comes in a file."""
MAX_DESCRIPTORS = 16
"""With one message: that of a file, and those of the sockets that one actor listens on."""
FORK = b"fork"
"""Asks for a process; comes with a file that holds the pickled spec and the modules to preload, and
with the sockets that the actor listens on."""
PING = b"ping"
"""Asks for a sign of life."""
BLOCKED = (
    *(signal.SIGINT, signal.SIGTERM, signal.SIGHUP),
    *(signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2),
)
"""Never heard by the server, which ends with the supervisor. Control-C and the end of a terminal
reach the whole process group, and a service manager signals every process of a service; only the
supervisor decides."""
UNHEARD = (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR2)
"""Likewise of actors. SIGTERM stops one of them, SIGUSR1 has it write its stacks."""


class ForkServer:
    """The loop of the process.

    Without garbage collection: it would only look at what was imported, for 20 ms at a time, and
    copy the pages on which the objects count who refers to them.
    """

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._pid = os.getpid()
        self._children: dict[int, int] = {}
        """Pid by the descriptor that becomes readable when the process ends."""
        self._prepared = ""
        """The log level that actors are prepared for."""

    def serve(self) -> None:
        """Fork and reap until the supervisor closes the socket."""
        for message, descriptors in requests(
            self._control, self._children, self._reaped, MAX_MESSAGE_BYTES, MAX_DESCRIPTORS
        ):
            if message == PING:
                self._send(alive=self._pid)
            if descriptors:
                request, *listening = descriptors
                with os.fdopen(request, "rb") as file:
                    file.seek(0)
                    spec, preload = pickle.load(file)
                for each in listening:
                    os.set_inheritable(each, False)
                self._fork(spec, preload, listening)
                for each in listening:
                    os.close(each)

    def _preload(self, modules: Sequence[str], actor: str) -> None:
        for module in modules:
            if module in sys.modules:
                continue
            self._send(importing=module, actor=actor)
            try:
                importlib.import_module(module)
            except ImportError:
                # What is not installed fails in the actor too, which can say what it is for.
                self._send(imported=module)
            except BaseException as error:  # noqa: BLE001 - the others must go on
                self._send(imported=module, actor=actor, error=repr(error)[:1000])
            else:
                self._send(imported=module)
        gc.freeze()

    def _fork(self, spec: ActorSpec, preload: Sequence[str], listening: Sequence[int]) -> None:
        actor_main = importlib.import_module(ACTOR_MAIN)
        if self._prepared != spec.log_level:
            self._prepared = spec.log_level
            actor_main.prepare(spec.log_level)
        self._preload(preload, spec.name)
        try:
            pid = os.fork()
        except OSError as error:
            self._send(unborn=spec.name, error=str(error.strerror))
            return
        if pid == 0:
            # SIGUSR1 until stacks can be written: it would end the process.
            for number in (*UNHEARD, signal.SIGUSR1):
                signal.signal(number, signal.SIG_IGN)
            # What was sent to the child since its birth is heard now.
            signal.pthread_sigmask(signal.SIG_UNBLOCK, BLOCKED)
            gc.enable()
            die_with_parent(self._pid)
            self._control.close()
            for each in self._children:
                os.close(each)
            actor_main.run_actor(spec, listening)
        self._children[os.pidfd_open(pid)] = pid
        self._send(born=spec.name, pid=pid)

    def _reaped(self, pid: int, code: int) -> None:
        self._send(died=pid, code=code)

    def _send(self, **message: str | int) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._control.send(json.dumps(message).encode())


def requests(
    control: socket.socket,
    children: dict[int, int],
    on_end: Callable[[int, int], None],
    most_bytes: int,
    most_descriptors: int,
) -> Iterator[tuple[bytes, list[int]]]:
    """Yield what is asked for, with its descriptors, until nobody asks any more; reap meanwhile.

    Args:
        control: Where it comes.
        children: Pid by the descriptor that becomes readable when the process ends. Both are
            dropped then.
        on_end: Told the pid and the exit code (negative: signal) of each that has ended.
        most_bytes: Of one message.
        most_descriptors: With one message.
    """
    asked = control.fileno()
    while True:
        readable, _, _ = select.select([asked, *children], [], [])
        for ended in children.keys() & readable:
            os.close(ended)
            pid, status = os.waitpid(children.pop(ended), 0)
            on_end(pid, os.waitstatus_to_exitcode(status))
        if asked in readable:
            message, descriptors, _, _ = socket.recv_fds(control, most_bytes, most_descriptors)
            if not message:
                return
            yield message, descriptors


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


def run_server(control: socket.socket, supervisor_pid: int) -> NoReturn:
    """Serve from this process until the supervisor is gone; `BLOCKED` must be blocked."""
    die_with_parent(supervisor_pid)
    name_process("forkserver")
    control.set_inheritable(False)
    gc.disable()
    ForkServer(control).serve()
    os._exit(0)


def main() -> None:
    """Entry point: `python -m pipeline.launch.fork_server FD SUPERVISOR_PID`."""
    gc.disable()
    keep_to_one_thread()
    import_shared()
    from pipeline.logs import allow_any_text

    allow_any_text()
    run_server(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))


if __name__ == "__main__":
    main()
