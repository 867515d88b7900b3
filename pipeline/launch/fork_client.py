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
from typing import TextIO

from pipeline.launch.fork_server import FORK, LOG, MAX_MESSAGE_BYTES, PING
from pipeline.launch.server_process import ServerProcess, fork_server, spawn_server
from pipeline.launch.spec import ActorSpec

STALL_S = 10.0
"""Importing what an actor preloads takes 0.3 s; on a small and busy machine ten times that."""


class Nursery:
    """Has a fork server from the beginning."""

    def __init__(self, log_stream: TextIO | None = None, *, forked: bool = False) -> None:
        """Start the fork server.

        Args:
            log_stream: Where the actors' standard output and error go; None leaves them as ours.
            forked: Out of this process, if it can be; it must have no ZeroMQ context.
        """
        self.log_stream = log_stream
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._server: ServerProcess = (
                fork_server(theirs, self._control, log_stream)
                if forked
                else spawn_server(theirs, log_stream)
            )
        self._control.setblocking(False)
        self._pids: dict[str, int] = {}
        self._unborn: dict[str, signal.Signals | None] = {}
        self._asked_s: float | None = None
        self._on_death: Callable[[str, int], None] | None = None
        self._on_birth: Callable[[str, int], None] | None = None
        self._on_lost: Callable[[], None] | None = None

    @property
    def server_pid(self) -> int:
        """Process of the fork server."""
        return self._server.pid

    def watch(
        self,
        on_birth: Callable[[str, int], None],
        on_death: Callable[[str, int], None],
        on_lost: Callable[[], None],
    ) -> None:
        """Say who is to hear of births (name, pid), deaths (name, exit code; negative: signal),
        and of the loss of the fork server, with which all its actors died."""
        self._on_birth, self._on_death, self._on_lost = on_birth, on_death, on_lost
        asyncio.get_running_loop().add_reader(self._control, self._read)

    def log_to(self, stream: TextIO) -> None:
        """Send the standard output and error of the actors there from now on."""
        self.log_stream = stream
        self._send(LOG, [stream.fileno()])

    def spawn(self, spec: ActorSpec, preload: Sequence[str]) -> None:
        """Ask for a process that runs this actor."""
        self._unborn[spec.name] = None
        self._send_file(FORK, (spec, list(preload)))

    def check(self, now_s: float) -> None:
        """Kill the fork server if it hangs: it owes the answer to a question for too long."""
        if self._asked_s is None:
            self._asked_s = now_s
            self._send(PING)
        elif now_s - self._asked_s > STALL_S:
            self._server.kill()

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

    def _send_file(self, message: bytes, content: object) -> None:
        # A file, because a checkpoint may be larger than a datagram can be.
        with os.fdopen(os.memfd_create("greenroom"), "wb") as request:
            request.write(pickle.dumps(content))
            request.flush()
            self._send(message, [request.fileno()])

    def _send(self, message: bytes, descriptors: Sequence[int] = ()) -> None:
        # A fork server that is gone is started again by whoever hears of its loss; one that
        # does not read is found by `check`.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, BlockingIOError):
            socket.send_fds(self._control, [message], descriptors)

    def _read(self) -> None:
        try:
            message = self._control.recv(MAX_MESSAGE_BYTES)
        except (BlockingIOError, ConnectionResetError):
            message = b"" if self._server.poll() is not None else b"{}"
        if not message:
            asyncio.get_running_loop().remove_reader(self._control)
            self._server.wait()
            if self._on_lost is not None:
                self._on_lost()
            return
        news = json.loads(message)
        if "born" in news:
            self._pids[news["born"]] = news["pid"]
            owed = self._unborn.pop(news["born"], None)
            if owed is not None:
                self.signal(news["born"], owed)
            if self._on_birth is not None:
                self._on_birth(news["born"], news["pid"])
        elif "alive" in news:
            self._asked_s = None
        elif "died" in news:
            for name, pid in list(self._pids.items()):
                if pid == news["died"]:
                    del self._pids[name]
                    if self._on_death is not None:
                        self._on_death(name, news["code"])
