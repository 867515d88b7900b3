"""A Live server that costs next to nothing, in a process of its own: it notes when sound arrives.

`python -m benchmarks.peers.live_server FOLDER JSON` serves until it is told to stop, and then
writes what it saw into FOLDER. It speaks as much of the protocol as a spoken conversation needs;
the simulator does more for each message, and with fifty sessions it would be what is measured.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from actors.simulator.certificates import make_certificates
from benchmarks.peers.live_session import Behaviour, LiveSession, SessionRecord
from benchmarks.peers.live_socket import LiveSocket, Page
from benchmarks.peers.task import KEY, MODEL
from benchmarks.sound import read_wav

ADDRESS_NAME = "live.json"
JOURNAL_NAME = "journal.json"


class LiveServer:
    """Sessions by their keys, and what came."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._sound = read_wav(Path(behaviour.sound)).tobytes()
        self.records: list[SessionRecord] = []
        model = {"name": f"models/{MODEL}", "supportedGenerationMethods": ["bidiGenerateContent"]}
        self._models = Page(json.dumps({"models": [model]}).encode())

    def connection(self) -> LiveSocket:
        """Return what serves a new connection."""
        return LiveSocket(self._converse, lambda _path, _body: self._models)

    def _converse(self, socket: LiveSocket, fields: dict[str, str]) -> LiveSession:
        record = SessionRecord(fields.get("x-goog-api-key", ""))
        limited = record.key.startswith(KEY)
        exhausted = limited and any(each.exhausted_ns for each in self.records)
        self.records.append(record)
        return LiveSession(
            socket, self._behaviour, self._sound, record, limited=limited, exhausted=exhausted
        )


async def _serve(folder: Path, behaviour: Behaviour) -> None:
    certificates = make_certificates(folder)
    server = LiveServer(behaviour)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    listener = await loop.create_server(
        server.connection, "127.0.0.1", ssl=certificates.trusted, backlog=1024
    )
    port = listener.sockets[0].getsockname()[1]
    address = {
        "base_url": f"https://127.0.0.1:{port}",
        "ca_file": str(certificates.authority),
        "api_key": f"{KEY}-0",
    }
    (folder / ADDRESS_NAME).write_text(json.dumps(address))
    print("listening", flush=True)
    await stopped.wait()
    listener.close()
    journal = [asdict(record) for record in server.records]
    (folder / JOURNAL_NAME).write_text(json.dumps(journal))


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), Behaviour(**json.loads(sys.argv[2]))))
