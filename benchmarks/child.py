"""A process beside the benchmark: started, told what to do, ended, and asked what it saw."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.sound import ROOT

STOP_S = 20.0
"""For the process to end; it writes a journal of a few megabytes."""


class Child:
    """A running process that ends with its input, and when it has ended, its journal."""

    def __init__(self, process: subprocess.Popen[str], journal: Path) -> None:
        self.pid = process.pid
        self._process = process
        self._journal = journal

    def command(self, line: str) -> None:
        """Have it do something."""
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
        return json.loads(self._journal.read_text())


@contextmanager
def child(module: str, *arguments: str, journal: Path) -> Iterator[Child]:
    """Run a module, which says a line when it is ready, and writes its journal at its end."""
    command = [sys.executable, "-m", module, *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=ROOT, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline(), f"{module} did not start"
        started = Child(process, journal)
        try:
            yield started
        finally:
            started.end()
