"""The processes of a peer that serve callers on WebSockets: started, counted, ended."""

from __future__ import annotations

import json
import os
import select
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from benchmarks.live_server.process import ADDRESS_NAME
from benchmarks.memory import memory_mib
from benchmarks.peers.observation import CollapsedError
from benchmarks.peers.task import Task
from benchmarks.processes import processor_s
from benchmarks.sound import ROOT

START_S = 60.0
"""Importing takes some seconds of it."""


class PeerServing:
    """A peer that serves.

    Attributes:
        urls: Of each of its processes.
    """

    def __init__(self, urls: list[str], processes: list[psutil.Process]) -> None:
        self.urls = urls
        self._processes = processes

    def used_s(self) -> dict[str, float]:
        """Processor time so far, by process.

        Raises:
            CollapsedError: one of them has ended.
        """
        return {name: processor_s(each) for name, each in self._all().items()}

    def memory_mib(self) -> Mapping[str, float]:
        """Memory now, by process, and `files` that they map."""
        names = {each.pid: name for name, each in self._all().items()}
        found = memory_mib(names).items()
        return {names[part] if isinstance(part, int) else part: mib for part, mib in found}

    def _all(self) -> dict[str, psutil.Process]:
        found: dict[str, psutil.Process] = {}
        try:
            for number, root in enumerate(self._processes, 1):
                found[f"server {number}"] = root
                children = root.children(recursive=True)
                found |= {f"server {number}, {each.pid}": each for each in children}
        except psutil.NoSuchProcess as error:
            raise CollapsedError("a server ended in the middle of its conversations") from error
        return found


@contextmanager
def peer_serving(python: Path, module: str, folder: Path, count: int) -> Iterator[PeerServing]:
    """Run `benchmarks.peers.MODULE` so many times; errors go to `errorsN.log` in `folder`.

    Raises:
        CollapsedError: it did not begin to serve.
    """
    address = json.loads((folder / ADDRESS_NAME).read_text())
    task = Task(address["base_url"], address["ca_file"], sound="")
    with ExitStack() as stack:
        started = [
            stack.enter_context(_program(python, module, task, folder / f"errors{number}.log"))
            for number in range(count)
        ]
        urls = [_url(process) for process in started]
        yield PeerServing(urls, [psutil.Process(process.pid) for process in started])


@contextmanager
def _program(python: Path, module: str, task: Task, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [str(python), "-m", f"benchmarks.peers.{module}", task.text()]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, cwd=ROOT, env=environment
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def _url(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    if not select.select([process.stdout], [], [], START_S)[0]:
        raise CollapsedError(f"a server did not begin within {START_S:g} s")
    line = process.stdout.readline()
    if not line:
        raise CollapsedError("a server ended before it served; see its errors")
    url: str = json.loads(line)["url"]
    return url
