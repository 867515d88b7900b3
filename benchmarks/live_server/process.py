"""The Live server as a process: started, told what to do, ended, and asked what it saw."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from benchmarks.sound import ROOT

ADDRESS_NAME = "simulator.json"
"""What the option `server_file` of `live` and `http` takes."""
JOURNAL_NAME = "journal.json"
STOP_S = 20.0
"""For the process to end; it writes a journal of a few megabytes."""


class Kind(StrEnum):
    """What is talked about with it."""

    CROWD = "crowd"
    TALK = "talk"


class LiveServerProcess:
    """A running Live server, and when it has ended, its journal."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self.pid = process.pid
        self._folder = folder
        self.address_file = folder / ADDRESS_NAME
        address = json.loads(self.address_file.read_text())
        self.base_url: str = address["base_url"]
        self.ca_file: str = address["ca_file"]

    def command(self, line: str) -> None:
        """Have it do something; what it understands is said in its kind."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def end(self) -> None:
        """End it, if it has not ended."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP_S)
        finally:
            self._process.kill()

    def journal(self) -> Any:
        """End it; return what it saw, as plain values."""
        self.end()
        return json.loads((self._folder / JOURNAL_NAME).read_text())


@contextmanager
def live_server(kind: Kind, folder: Path, given: Any = None) -> Iterator[LiveServerProcess]:
    """Run a Live server; its files go to `folder`. `given` is for its kind."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "benchmarks.live_server", kind, str(folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*command, json.dumps(given)], stdin=pipe, stdout=pipe, cwd=ROOT, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline(), "the Live server did not start"
        server = LiveServerProcess(process, folder)
        try:
            yield server
        finally:
            server.end()
