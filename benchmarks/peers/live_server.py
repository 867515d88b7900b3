"""A Live server that costs next to nothing, in a process of its own: it notes when sound arrives.

`python -m benchmarks.peers.live_server FOLDER JSON` serves until it is told to stop, and then
writes what it saw into FOLDER. It speaks as much of the protocol as a spoken conversation needs;
the simulator does more for each message, and with fifty sessions it would be what is measured.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from actors.simulator.certificates import make_certificates
from benchmarks.peers.live_session import Behaviour, LiveSession, SessionRecord
from benchmarks.peers.task import KEY, MODEL
from benchmarks.sound import read_wav

ADDRESS_NAME = "live.json"
JOURNAL_NAME = "journal.json"
SOCKET_PATH = "BidiGenerateContent"


class LiveServer:
    """Sessions by their keys, and what came."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._sound = read_wav(Path(behaviour.sound)).tobytes()
        self._exhausted = False
        self.records: list[SessionRecord] = []

    async def handle(self, socket: ServerConnection) -> None:
        """Hold one session until its socket closes."""
        assert socket.request is not None
        key = socket.request.headers.get("x-goog-api-key", "")
        quota = key.startswith(KEY)
        record = SessionRecord(key)
        self.records.append(record)
        session = LiveSession(socket, self._behaviour, self._sound, record, limited=quota)
        if quota and self._exhausted:
            await session.exhaust()
            return
        await session.run()
        self._exhausted = self._exhausted or bool(record.exhausted_ns)

    @staticmethod
    def answer_http(_: ServerConnection, request: Request) -> Response | None:
        """Tell which model there is; None lets a WebSocket in."""
        if SOCKET_PATH in request.path:
            return None
        model = {"name": f"models/{MODEL}", "supportedGenerationMethods": ["bidiGenerateContent"]}
        body = json.dumps({"models": [model]}).encode()
        headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(body))})
        return Response(HTTPStatus.OK.value, HTTPStatus.OK.phrase, headers, body)


async def _serve(folder: Path, behaviour: Behaviour) -> None:
    certificates = make_certificates(folder)
    server = LiveServer(behaviour)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    logging.getLogger("websockets").setLevel(logging.ERROR)
    async with serve(
        server.handle,
        "127.0.0.1",
        0,
        ssl=certificates.trusted,
        process_request=server.answer_http,
        compression=None,
        ping_interval=None,
        max_size=None,
        close_timeout=1,
    ) as listener:
        port = next(iter(listener.sockets)).getsockname()[1]
        address = {
            "base_url": f"https://127.0.0.1:{port}",
            "ca_file": str(certificates.authority),
            "api_key": f"{KEY}-0",
        }
        (folder / ADDRESS_NAME).write_text(json.dumps(address))
        print("listening", flush=True)
        await stopped.wait()
        journal = [asdict(record) for record in server.records]
        (folder / JOURNAL_NAME).write_text(json.dumps(journal))


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), Behaviour(**json.loads(sys.argv[2]))))
