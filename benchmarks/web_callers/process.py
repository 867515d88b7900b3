"""The callers as a process: started, ended, and asked what became of each."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.sound import ROOT
from benchmarks.web_callers.talker import Talk

JOURNAL_NAME = "web_callers.json"
STOP_S = 20.0
"""For the process to end; it writes a journal of a few megabytes."""


class WebCallers:
    """The process; what it saw can be asked at its end."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self.pid = process.pid
        self._folder = folder

    def end(self) -> list[Talk]:
        """End it, if it has not ended; return what each caller said and was told."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP_S)
        finally:
            self._process.kill()
        talks = json.loads((self._folder / JOURNAL_NAME).read_text())
        for talk in talks:
            talk["sent"] = {int(block): at_ns for block, at_ns in talk["sent"].items()}
        return [Talk(**talk) for talk in talks]


@contextmanager
def web_callers(
    folder: Path, url: str, callers: int, *, pause_s: float | None = None, packed: bool = False
) -> Iterator[WebCallers]:
    """Let so many call; see `Talker`."""
    address = urlsplit(url)
    given = {
        "host": address.hostname,
        "port": address.port,
        "callers": callers,
        "pause_s": pause_s,
        "packed": packed,
    }
    command = [sys.executable, "-m", "benchmarks.web_callers", str(folder), json.dumps(given)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=ROOT, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline(), "the callers did not start"
        try:
            yield WebCallers(process, folder)
        finally:
            process.kill()
