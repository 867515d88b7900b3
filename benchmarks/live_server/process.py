"""The Live server as a process: started, told what to do, ended, and asked what it saw."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from benchmarks.child import Child, child

ADDRESS_NAME = "live_server.json"
"""What the option `server_file` of `live` and `http` takes."""
JOURNAL_NAME = "journal.json"


class Kind(StrEnum):
    """What is talked about with it."""

    CROWD = "crowd"
    TALK = "talk"


class LiveServerProcess:
    """A running Live server, and when it has ended, its journal.

    Attributes:
        process: The server; what it can be told to do is said in its kind.
    """

    def __init__(self, process: Child, folder: Path) -> None:
        self.process = process
        self.address_file = folder / ADDRESS_NAME
        address = json.loads(self.address_file.read_text())
        self.base_url: str = address["base_url"]
        self.ca_file: str = address["ca_file"]

    def journal(self) -> Any:
        """End it; return what it saw, as plain values."""
        return self.process.journal()


@contextmanager
def live_server(kind: Kind, folder: Path, given: Any = None) -> Iterator[LiveServerProcess]:
    """Run a Live server; its files go to `folder`. `given` is for its kind."""
    folder.mkdir(exist_ok=True)
    arguments = (kind, str(folder), json.dumps(given))
    with child("benchmarks.live_server", *arguments, journal=folder / JOURNAL_NAME) as process:
        yield LiveServerProcess(process, folder)
