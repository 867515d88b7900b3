"""The TLS port of a server: who comes in speaks HTTP, or asks for a WebSocket."""

import asyncio
import contextlib
import socket
from collections.abc import Callable

from websockets.http11 import Request as Handshake

from actors.simulator.certificates import Certificates
from actors.simulator.http_connection import Answer, HttpConnection
from actors.simulator.listening import ListeningSocket
from actors.simulator.tasks import Tasks
from actors.simulator.transport import Connection
from actors.simulator.websocket import WebSocket


class Acceptor:
    """Between `open` and `close`, lets connections in; leaves none behind.

    Args:
        listening: The port.
        tasks: Of the server.
        answer: Answers an HTTP request.
        handshake: Accepts a WebSocket, or refuses it.
        on_accept: Hears of each connection.
    """

    def __init__(
        self,
        listening: ListeningSocket,
        tasks: Tasks,
        answer: Answer,
        handshake: Callable[[WebSocket, Handshake], None],
        on_accept: Callable[[], None] = lambda: None,
    ) -> None:
        self.connections: set[Connection] = set()
        """Those that are open."""
        self._listening = listening
        self._tasks = tasks
        self._answer = answer
        self._handshake = handshake
        self._on_accept = on_accept
        self._certificates: Certificates | None = None

    def open(self, certificates: Certificates) -> None:
        """Listens."""
        self._certificates = certificates
        self._listening.start(self._serve, self._tasks.spawn)

    async def close(self) -> None:
        """Closes every connection and ends every task of the server."""
        self._listening.stop()
        connections = list(self.connections)
        for connection in connections:
            connection.abort()
        await self._tasks.end()
        await asyncio.gather(*(connection.closed.wait() for connection in connections))

    async def _serve(self, accepted: socket.socket, trusted: bool) -> None:
        assert self._certificates is not None
        self._on_accept()
        connection = Connection(self.connections)
        connection.handler = HttpConnection(
            connection, self._answer, self._upgrade, self._tasks.spawn
        )
        context = self._certificates.trusted if trusted else self._certificates.untrusted
        # A client that gives up during the TLS handshake is no fault of ours.
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: connection, accepted, ssl=context, ssl_shutdown_timeout=1.0
            )

    def _upgrade(self, connection: Connection, received: bytes) -> None:
        websocket = WebSocket(connection, lambda handshake: self._handshake(websocket, handshake))
        connection.handler = websocket
        websocket.receive(received)
