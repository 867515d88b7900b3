"""The supervisor's end of the fork server: start a process, signal it, hear of its death."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import TextIO

from pipeline.spec import ActorSpec
from pipeline.supervision.forkserver import MAX_MESSAGE_BYTES


class Nursery:
    """Starts the fork server at once, so that it imports while the supervisor still reads."""

    def __init__(self, log_stream: TextIO | None = None) -> None:
        """Start the fork server.

        Args:
            log_stream: Where the actors' standard output and error go; None leaves them as ours.
        """
        self.log_stream = log_stream
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._server = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "pipeline.supervision.forkserver",
                    str(theirs.fileno()),
                    str(os.getpid()),
                ],
                pass_fds=[theirs.fileno()],
                stdout=log_stream,
                stderr=log_stream,
            )
        self._control.setblocking(False)
        self._pids: dict[str, int] = {}
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

    def spawn(self, spec: ActorSpec, preload: Sequence[str]) -> None:
        """Ask for a process that runs this actor."""
        request = {"spec": spec.model_dump_json(), "preload": list(preload)}
        self._control.send(json.dumps(request).encode())

    def signal(self, name: str, number: signal.Signals) -> None:
        """Signal an actor's process, if it has one."""
        pid = self._pids.get(name)
        if pid is not None:
            # Not there any more: it has been reaped, and the news of it is under way.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def pid(self, name: str) -> int | None:
        """Process of an actor."""
        return self._pids.get(name)

    def close(self) -> None:
        """End the fork server, and with it whatever still runs."""
        asyncio.get_running_loop().remove_reader(self._control)
        self.abandon()

    def abandon(self) -> None:
        """End the fork server before it was ever watched."""
        self._control.close()
        self._server.wait()

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
            if self._on_birth is not None:
                self._on_birth(news["born"], news["pid"])
        elif "died" in news:
            for name, pid in list(self._pids.items()):
                if pid == news["died"]:
                    del self._pids[name]
                    if self._on_death is not None:
                        self._on_death(name, news["code"])
