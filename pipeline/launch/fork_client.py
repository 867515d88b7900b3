"""The supervisor's end of the fork server: start a process, signal it, hear of its death."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pickle
import signal
import socket
from collections.abc import Callable, Sequence
from tempfile import TemporaryFile
from typing import IO, Any

from pipeline.errors import ConfigError
from pipeline.hosting.spec import ActorSpec
from pipeline.launch.fork_server import FORK, MAX_DESCRIPTORS, MAX_MESSAGE_BYTES, PING
from pipeline.launch.process_work import work_ns
from pipeline.launch.server_process import ServerProcess
from pipeline.launch.stall import StallWatch
from pipeline.logs import get_logger

EXIT_UNBORN = 1
"""Reported of an actor for which no process could be started: it is tried again like one that
failed."""


def nameless_file() -> IO[bytes]:
    """Return a file in memory, or in the temporary folder with a Python that was built without."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("greenroom"), "wb")
    return TemporaryFile()


class ForkServerClient:
    """Has a fork server from the beginning.

    Args:
        outputs: Descriptors where the actors' standard output and error go; None leaves them as
            ours.
        forked: Out of this process, if it can be; it must have no ZeroMQ context.
        unwanted: Modules that are not preloaded, whoever asks for them.
    """

    def __init__(
        self,
        outputs: tuple[int, int] | None = None,
        *,
        forked: bool = False,
        unwanted: frozenset[str] = frozenset(),
    ) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                self._server = ServerProcess(theirs, self._control, outputs, forked=forked)
            except BaseException:
                self._control.close()
                raise
        self._control.setblocking(False)
        self._outputs = outputs
        self._unwanted = unwanted
        self._importing: tuple[str, str] | None = None
        """The module that the fork server is importing, and the actor for whom."""
        self._pids: dict[str, int] = {}
        self._unborn: dict[str, signal.Signals | None] = {}
        self._stall = StallWatch()
        self._log = get_logger("forkserver")
        self._on_death: Callable[[str, int], None] | None = None
        self._on_lost: Callable[[], None] | None = None

    @property
    def server_pid(self) -> int:
        """Process of the fork server."""
        return self._server.pid

    @property
    def importing(self) -> tuple[str, str] | None:
        """The module that the fork server is importing, and the actor for whom."""
        return self._importing

    def successor(self) -> ForkServerClient:
        """Start another fork server for the same, after this one was lost.

        What it was importing when it ended is left to the actor that needs it: it would end the
        next one too, and with it all actors again.
        """
        unwanted = self._unwanted
        if self._importing is not None:
            unwanted |= {self._importing[0]}
        return ForkServerClient(self._outputs, unwanted=unwanted)

    def watch(self, on_death: Callable[[str, int], None], on_lost: Callable[[], None]) -> None:
        """Say who is to hear of deaths (name, exit code; negative: signal), and of the loss of
        the fork server, with which all its actors died."""
        self._on_death, self._on_lost = on_death, on_lost
        asyncio.get_running_loop().add_reader(self._control, self._read)

    def spawn(self, spec: ActorSpec, preload: Sequence[str], listening: Sequence[int] = ()) -> None:
        """Ask for a process that runs this actor.

        Args:
            spec: What it needs to know.
            preload: Modules that are imported before.
            listening: Descriptors of sockets that it gets.

        Raises:
            ConfigError: more than one message can carry.
        """
        if len(listening) >= MAX_DESCRIPTORS:
            raise ConfigError(
                f"actors.{spec.name} listens on {len(listening)} sockets; "
                f"no more than {MAX_DESCRIPTORS - 1} can be handed to it"
            )
        self._unborn[spec.name] = None
        wanted = [module for module in preload if module not in self._unwanted]
        # A file, because a checkpoint may be larger than a datagram can be.
        with nameless_file() as request:
            request.write(pickle.dumps((spec, wanted)))
            request.flush()
            self._send(FORK, [request.fileno(), *listening])

    def check(self, now_s: float) -> None:
        """Kill the fork server if it hangs; to be called every few seconds."""
        work = work_ns(self.server_pid)
        if not self._stall.is_owed:
            self._stall.ask(now_s, work)
            self._send(PING)
        elif self._stall.hangs(now_s, work):
            self._log.error("the fork server hangs; it is killed", importing=self._importing)
            self._server.kill()

    def excuse(self, now_s: float) -> None:
        """It could not answer until now: begin anew to wait for what it owes."""
        if self._stall.is_owed:
            self._stall.ask(now_s, work_ns(self.server_pid))

    def signal(self, name: str, number: signal.Signals) -> None:
        """Signal an actor's process, now or as soon as it is born."""
        pid = self._pids.get(name)
        if name in self._unborn:
            self._unborn[name] = number
        elif pid is not None:
            # Not there any more: it has been reaped, and the news of it is under way.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def pid(self, name: str) -> int | None:
        """Process of an actor."""
        return self._pids.get(name)

    def close(self) -> None:
        """End the fork server, and with it whatever still runs."""
        asyncio.get_running_loop().remove_reader(self._control)
        self._control.close()
        self._server.wait()

    def _send(self, message: bytes, descriptors: Sequence[int] = ()) -> None:
        # A fork server that is gone is started again by whoever hears of its loss; one that
        # does not read is found by `check`.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, BlockingIOError):
            socket.send_fds(self._control, [message], descriptors)

    def _read(self) -> None:
        try:
            message = self._control.recv(MAX_MESSAGE_BYTES)
        except BlockingIOError:
            return
        except ConnectionResetError:
            # It ended without having read all that it was sent.
            message = b""
        if message:
            self._on_news(json.loads(message))
            return
        asyncio.get_running_loop().remove_reader(self._control)
        self._server.wait()
        if self._importing is not None:
            module, actor = self._importing
            self._log.error(f"it ended while it imported {module}, which {actor} preloads")
        if self._on_lost is not None:
            self._on_lost()

    def _on_news(self, news: dict[str, Any]) -> None:
        match news:
            case {"alive": _}:
                self._stall.answered()
            case {"importing": module, "actor": actor}:
                self._importing = (module, actor)
            case {"imported": module}:
                self._importing = None
                if "error" in news:
                    self._log.error(
                        f"{news['actor']} preloads {module}, which cannot be imported",
                        error=news["error"],
                    )
            case {"born": name, "pid": pid}:
                self._pids[name] = pid
                owed = self._unborn.pop(name, None)
                if owed is not None:
                    self.signal(name, owed)
            case {"unborn": name, "error": problem}:
                self._unborn.pop(name, None)
                self._log.error(
                    f"no process can be started for {name}: raise the limit (`ulimit -u`, in "
                    "systemd TasksMax), or end others",
                    error=problem,
                )
                if self._on_death is not None:
                    self._on_death(name, EXIT_UNBORN)
            case {"died": died, "code": code}:
                for name in [name for name, pid in self._pids.items() if pid == died]:
                    del self._pids[name]
                    if self._on_death is not None:
                        self._on_death(name, code)
