"""A server on loopback that says what a service said in a recorded run."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from websockets.http11 import Request as Handshake

from actors.cassette.deck import SERVER_FILE, Deck
from actors.cassette.http_player import HttpPlayer
from actors.cassette.live_player import LivePlayer
from actors.cassette.tape import Connection as Tape
from actors.simulator.certificates import Certificates, make_certificates
from actors.simulator.errors import HttpError
from actors.simulator.http_connection import HttpConnection
from actors.simulator.listening import ListeningSocket
from actors.simulator.transport import Connection
from actors.simulator.websocket import WebSocket

KEY = "a-key-for-the-cassette"
HOST = "127.0.0.1"


class Cassette:
    """Between entering and leaving, a backend whose `server_file` is `SERVER_FILE` talks to it.

    Args:
        deck: What the client may say.
        live: Connections of Live, in order; a client that opens more goes on with the last.
        http: Answers requests.
        folder: The runtime folder.
    """

    def __init__(self, deck: Deck, live: Sequence[Tape], http: HttpPlayer, folder: Path) -> None:
        self._deck = deck
        self._live = list(live)
        self._http = http
        self._folder = folder
        self._listening = ListeningSocket(HOST, 0)
        self._connections: set[Connection] = set()
        self._certificates: Certificates | None = None

    async def __aenter__(self) -> Self:
        self._certificates = await asyncio.to_thread(make_certificates, self._folder)
        self._listening.start(self._serve, self._deck.spawn)
        address = {
            "base_url": f"https://{HOST}:{self._listening.port}",
            "ca_file": str(self._certificates.authority),
            "api_key": KEY,
        }
        path = self._folder / SERVER_FILE
        await asyncio.to_thread(path.write_text, json.dumps(address), encoding="utf-8")
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._listening.stop()
        connections = list(self._connections)
        for connection in connections:
            connection.abort()
        tasks = list(self._deck.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(connection.closed.wait() for connection in connections))
        for error in self._deck.faults:
            raise error

    async def _serve(self, accepted: socket.socket, _trusted: bool) -> None:
        assert self._certificates is not None
        connection = Connection(self._connections)
        connection.handler = HttpConnection(
            connection, self._http.answer, self._upgrade, self._deck.spawn
        )
        # A client that gives up during the TLS handshake is no fault of ours.
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: connection,
                accepted,
                ssl=self._certificates.trusted,
                ssl_shutdown_timeout=1.0,
            )

    def _upgrade(self, connection: Connection, received: bytes) -> None:
        websocket = WebSocket(connection, lambda handshake: self._handshake(websocket, handshake))
        connection.handler = websocket
        websocket.receive(received)

    def _handshake(self, websocket: WebSocket, handshake: Handshake) -> None:
        tape = self._live.pop(0) if self._live else Tape()
        if tape.refusal is not None:
            code, message = tape.refusal
            websocket.refuse(HttpError(code, "UNKNOWN", message))
            return
        websocket.handler = LivePlayer(websocket, tape, self._deck)
        websocket.accept(handshake)
