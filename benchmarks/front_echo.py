"""The web server of the gateway with nothing behind it: what is sent comes back.

`python -m benchmarks.front_echo` serves on a socket that it was given; `application` is that as a
replica of Ray Serve, which gives its port away as a room does.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from typing import Any

from starlette.types import Receive, Scope, Send

from actors.gateway.caller_socket import CallerSocket
from actors.gateway.server import make_server
from actors.scale.handover import take_listener
from actors.scale.plan import DEPLOYMENT
from actors.scale.room_process import room_environment
from pipeline.launch.listening import BACKLOG, GIVEN


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Send messages of a WebSocket back; tell HAProxy that all is well."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"{}"})
        return
    await receive()
    await send({"type": "websocket.accept"})
    caller = CallerSocket.of(scope)

    def back(message: str | bytes) -> None:
        caller.send_at_once(message)

    caller.hand_over(back, lambda: None)
    await receive()


def main() -> None:
    """Serve until killed."""
    sock = socket.socket(fileno=int(os.environ[GIVEN]))
    sock.listen(BACKLOG)
    sock.setblocking(False)
    asyncio.run(make_server(echo).serve(sockets=[sock]))


def start(sock: socket.socket) -> subprocess.Popen[bytes]:
    """Start a process that serves on a bound socket; who calls before waits for it."""
    sock.listen(BACKLOG)
    descriptor = sock.fileno()
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.front_echo"],
        env=room_environment(os.environ) | {GIVEN: str(descriptor)},
        pass_fds=(descriptor,),
    )


class EchoReplica:
    """Starts the server on the port that Ray gave this replica."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []
        take_listener(lambda each: self._processes.append(start(each.dup())))

    async def __call__(self) -> None:
        """Never called."""

    def __del__(self) -> None:
        for each in self._processes:
            each.kill()
            each.wait()


def application(_arguments: dict[str, Any]) -> Any:
    """Return the application for Serve."""
    from ray import serve

    return serve.deployment(name=DEPLOYMENT)(EchoReplica).bind()


if __name__ == "__main__":
    main()
