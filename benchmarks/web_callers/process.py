"""The callers as a process: started, ended, and asked what became of each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.child import Child, child
from benchmarks.web_callers.talker import Talk

JOURNAL_NAME = "web_callers.json"


class WebCallers:
    """The process; what it saw can be asked at its end."""

    def __init__(self, process: Child) -> None:
        self.pid = process.pid
        self._process = process

    def end(self) -> list[Talk]:
        """End it, if it has not ended; return what each caller said and was told."""
        talks = self._process.journal()
        for talk in talks:
            talk["sent"] = {int(block): at_ns for block, at_ns in talk["sent"].items()}
        return [Talk(**talk) for talk in talks]


@contextmanager
def web_callers(
    folder: Path,
    urls: Sequence[str],
    callers: int,
    *,
    pause_s: float | None = None,
    packed: bool = False,
) -> Iterator[WebCallers]:
    """Let so many call, each of the addresses in turn; see `Talker`."""
    addresses = [urlsplit(url) for url in urls]
    given = {
        "addresses": [(address.hostname, address.port) for address in addresses],
        "callers": callers,
        "pause_s": pause_s,
        "packed": packed,
    }
    arguments = (str(folder), json.dumps(given))
    with child("benchmarks.web_callers", *arguments, journal=folder / JOURNAL_NAME) as process:
        yield WebCallers(process)
