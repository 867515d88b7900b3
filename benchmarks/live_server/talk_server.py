"""A few speakers, told apart by their keys; the quota of some may end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.live_server.process import Kind, LiveServerProcess, live_server
from benchmarks.live_server.socket import LiveSocket, Page
from benchmarks.live_server.talk import Behaviour, SessionRecord, TalkSession
from benchmarks.sound import read_wav


class TalkServer:
    """Sessions by their keys, and what came."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.key = f"{behaviour.key}-0"
        self._behaviour = behaviour
        self._sound = read_wav(Path(behaviour.sound)).tobytes()
        self.records: list[SessionRecord] = []
        model = {
            "name": f"models/{behaviour.model}",
            "supportedGenerationMethods": ["bidiGenerateContent"],
        }
        self._models = Page(json.dumps({"models": [model]}).encode())

    def connection(self) -> LiveSocket:
        """Return what serves a new connection."""
        return LiveSocket(self._converse, lambda _path, _body: self._models)

    def command(self, line: str) -> None:
        """There is nothing it can be asked for."""

    def journal(self) -> list[dict[str, Any]]:
        """Return the records."""
        return [asdict(record) for record in self.records]

    def _converse(self, socket: LiveSocket, fields: dict[str, str]) -> TalkSession:
        record = SessionRecord(fields.get("x-goog-api-key", ""))
        limited = record.key.startswith(self._behaviour.key)
        exhausted = limited and any(each.exhausted_ns for each in self.records)
        self.records.append(record)
        return TalkSession(
            socket, self._behaviour, self._sound, record, limited=limited, exhausted=exhausted
        )


@contextmanager
def talk_server(folder: Path, behaviour: Behaviour) -> Iterator[LiveServerProcess]:
    """Run it in a process of its own."""
    with live_server(Kind.TALK, folder, asdict(behaviour)) as process:
        yield process


def records_of(process: LiveServerProcess) -> list[SessionRecord]:
    """Return its sessions in the order in which they came; ends the server."""
    return [SessionRecord(**each) for each in process.journal()]
