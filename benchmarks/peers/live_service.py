"""The Live server as a process, and what it saw."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from benchmarks.peers.live_server import ADDRESS_NAME, JOURNAL_NAME
from benchmarks.peers.live_session import Behaviour, SessionRecord
from benchmarks.sound import ROOT

STOP_S = 20.0
"""For the process to end; it writes a journal of a few megabytes."""


class LiveService:
    """A running Live server, and when it has ended, its journal."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        address = json.loads((folder / ADDRESS_NAME).read_text())
        self.base_url: str = address["base_url"]
        self.ca_file: str = address["ca_file"]
        self.address_file = folder / ADDRESS_NAME

    def journal(self) -> list[SessionRecord]:
        """Its sessions in the order in which they came; only when it has ended."""
        return [
            SessionRecord(**each) for each in json.loads((self._folder / JOURNAL_NAME).read_text())
        ]


@contextmanager
def live_service(folder: Path, behaviour: Behaviour) -> Iterator[LiveService]:
    """Run a Live server; its files go to `folder`."""
    module = [sys.executable, "-m", "benchmarks.peers.live_server"]
    with subprocess.Popen(
        [*module, str(folder), json.dumps(asdict(behaviour))],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline(), "the Live server did not start"
            yield LiveService(folder)
        finally:
            process.terminate()
            process.wait(STOP_S)
