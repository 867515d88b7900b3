"""A server on loopback that says what a service said in a recorded run."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from websockets.http11 import Request as Handshake

from actors.backends.gemini.wire.http_error import HttpError
from actors.recordings.cassette.http_player import HttpPlayer
from actors.recordings.cassette.live_player import LivePlayer
from actors.recordings.cassette.script_cursor import SERVER_FILE, ScriptCursor
from actors.recordings.cassette.service_script import LiveScript
from actors.simulator.acceptor import Acceptor
from actors.simulator.certificates import make_certificates
from actors.simulator.listening import ListeningSocket
from actors.simulator.websocket import WebSocket
from pipeline.files import write_whole

KEY = "a-key-for-the-cassette"
HOST = "127.0.0.1"


class Cassette:
    """Between entering and leaving, a backend whose `server_file` is `SERVER_FILE` talks to it.

    Args:
        cursor: What the client may say.
        live: Connections of Live, in order; a client that opens more goes on with the last.
        http: Answers requests.
        folder: The runtime folder.
    """

    def __init__(
        self, cursor: ScriptCursor, live: Sequence[LiveScript], http: HttpPlayer, folder: Path
    ) -> None:
        self._cursor = cursor
        self._live = list(live)
        self._folder = folder
        self._listening = ListeningSocket(HOST, 0)
        self._acceptor = Acceptor(self._listening, cursor.tasks, http.answer, self._handshake)

    async def __aenter__(self) -> Self:
        certificates = await asyncio.to_thread(make_certificates, self._folder)
        self._acceptor.open(certificates)
        address = {
            "base_url": f"https://{HOST}:{self._listening.port}",
            "ca_file": str(certificates.authority),
            "api_key": KEY,
        }
        path = self._folder / SERVER_FILE
        await asyncio.to_thread(write_whole, path, json.dumps(address), durable=False)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._acceptor.close()
        for error in self._cursor.faults:
            raise error

    def _handshake(self, websocket: WebSocket, handshake: Handshake) -> None:
        script = self._live.pop(0) if self._live else LiveScript()
        if script.refusal is not None:
            code, message = script.refusal
            websocket.refuse(HttpError(code, "UNKNOWN", message))
            return
        websocket.handler = LivePlayer(websocket, script, self._cursor)
        websocket.accept(handshake)
