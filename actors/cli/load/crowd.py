"""Processes of callers: started together, watched, stopped, and asked what became of each."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from actors.cli.load.held_line import LoadedCaller, LoadJournal
from actors.cli.load.load_share import LoadShare
from pipeline.errors import GreenroomError

MODULE = "actors.cli.load.callers_process"
BEGINS_S = 0.1
"""From the word to the first caller: it is said to one process after the other."""
HANG_UP_S = 20.0
"""For all to hang up and write what they saw: a journal is some megabytes."""


class Crowd:
    """Callers who call now; ends when all are done, or are told to hang up."""

    def __init__(self, processes: list[subprocess.Popen[str]], journals: list[Path]) -> None:
        self._processes = processes
        self._journals = journals
        self._counts: list[dict[str, int]] = [{} for _ in processes]
        self._listeners = [
            threading.Thread(target=self._listen, args=(number,), daemon=True)
            for number in range(len(processes))
        ]
        self.began_ns = time.monotonic_ns() + int(BEGINS_S * 1e9)
        for process in processes:
            _send(process, str(self.began_ns))
        for listener in self._listeners:
            listener.start()

    @property
    def pids(self) -> list[int]:
        """Of the processes."""
        return [each.pid for each in self._processes]

    def how_many(self) -> dict[str, int]:
        """Return how many callers are where, and how many answers were heard."""
        total: Counter[str] = Counter()
        for each in self._counts:
            total.update(each)
        return dict(total)

    def wait(self, seconds: float) -> bool:
        """Wait for the end, so long at most; return whether all are done."""
        ends_s = time.monotonic() + seconds
        for each in self._processes:
            try:
                each.wait(max(0.0, ends_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                return False
        return True

    def end(self) -> LoadJournal:
        """Let those who are there hang up; return what became of everybody.

        Raises:
            GreenroomError: a process of callers broke down.
        """
        ended_ns = time.monotonic_ns()
        for each in self._processes:
            assert each.stdin is not None
            each.stdin.close()
        if not self.wait(HANG_UP_S):
            raise GreenroomError(f"callers did not hang up within {HANG_UP_S:g} s")
        callers: list[LoadedCaller] = []
        processor_s = 0.0
        for process, path in zip(self._processes, self._journals, strict=True):
            if process.returncode or not path.exists():
                raise GreenroomError(
                    f"a process of callers ended with status {process.returncode}: see above"
                )
            found = json.loads(path.read_text())
            callers += [LoadedCaller.from_json(each) for each in found["callers"]]
            processor_s += found["processor_s"]
        callers.sort(key=lambda each: each.number)
        return LoadJournal(callers, self.began_ns, ended_ns, processor_s)

    def _listen(self, number: int) -> None:
        output = self._processes[number].stdout
        assert output is not None
        for line in output:
            self._counts[number] = json.loads(line)


@contextmanager
def crowd_calling(share: LoadShare) -> Iterator[Crowd]:
    """Let a crowd call, in so many processes; whoever still calls at the end is killed.

    Args:
        share: Of the first of them.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gr-load-")))
        processes, journals = [], []
        for number in range(share.processes):
            journals.append(folder / f"{number}.json")
            mine = replace(share, first=number, journal=str(journals[-1]))
            processes.append(stack.enter_context(_started(mine)))
        for each in processes:
            assert each.stdout is not None
            if each.stdout.readline() != "ready\n":
                raise GreenroomError("a process of callers did not start: see above")
        yield Crowd(processes, journals)


@contextmanager
def _started(share: LoadShare) -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-m", MODULE], stdin=pipe, stdout=pipe, text=True
    ) as process:
        try:
            _send(process, share.as_json())
            yield process
        finally:
            process.kill()


def _send(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
