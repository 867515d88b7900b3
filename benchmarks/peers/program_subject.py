"""A subject that is a program of its own, in an environment of its own."""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from benchmarks.live_server.process import LiveServerProcess
from benchmarks.live_server.talk_server import records_of, talk_server
from benchmarks.peers.footprint import Footprint, watch
from benchmarks.peers.observation import CollapsedError, Observation, Run, Trial
from benchmarks.peers.task import Task
from benchmarks.sound import ROOT, write_wav

START_S = 60.0
"""Fifty sessions connect one after the other in a fraction of it."""
PATIENCE_S = 20.0
"""After the sound has been spoken: an event loop that is behind by that much has collapsed."""


class ProgramSubject:
    """Starts `benchmarks.peers.MODULE` and reads what it prints."""

    def __init__(self, name: str, module: str, python: Callable[[], Path], sessions: int) -> None:
        """`python` finds the interpreter; it may have to install first."""
        self.name = name
        self._module = module
        self._python = python
        self._sessions = sessions

    def most_sessions(self) -> int:
        """All that one process is asked to hold."""
        return self._sessions

    def observe(self, trial: Trial, folder: Path) -> Observation:
        """Run the program once; its errors go to `errors.log` in `folder`.

        Raises:
            CollapsedError: it ended or was ended before it had told what was heard.
        """
        sound = write_wav(folder / "sound.wav", trial.sound)
        with talk_server(folder, trial.behaviour(sound)) as service:
            seen = self._run(trial, sound, service, folder / "errors.log")
        seen.sessions = records_of(service)
        return seen

    def _run(self, trial: Trial, sound: Path, service: LiveServerProcess, log: Path) -> Observation:
        task = Task(
            service.base_url,
            service.ca_file,
            str(sound),
            trial.sessions,
            block=trial.block,
            stand_in=trial.stand_in,
            server_turns=trial.server_turns,
        )
        command = [str(self._python()), "-m", f"benchmarks.peers.{self._module}", task.text()]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        spawned_ns = time.monotonic_ns()
        with (
            log.open("w") as errors,
            subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, cwd=ROOT, env=environment
            ) as process,
        ):
            try:
                zeros_ns = self._told(process, START_S)["zeros_ns"]
                footprint = self._watch(process, trial, zeros_ns[0])
                late_s = (time.monotonic_ns() - zeros_ns[0]) / 1e9 - trial.seconds
                runs = self._told(process, PATIENCE_S - late_s)["runs"]
            finally:
                process.kill()
        heard = [
            [Run(start_ns, start_ns, end_ns, end_ns - start_ns) for start_ns, end_ns in each]
            for each in runs
        ]
        seen = Observation(trial, spawned_ns, zeros_ns, heard)
        seen.cpu_s_per_min, seen.memory_mib = footprint
        return seen

    def _watch(self, process: subprocess.Popen[bytes], trial: Trial, zero_ns: int) -> Footprint:
        root = psutil.Process(process.pid)
        try:
            return watch(trial, zero_ns, lambda: [root, *root.children(recursive=True)])
        except psutil.NoSuchProcess as error:
            raise CollapsedError(f"{self.name} ended in the middle of a conversation") from error

    def _told(self, process: subprocess.Popen[bytes], patience_s: float) -> dict[str, Any]:
        """Return the next line of facts that the program prints."""
        assert process.stdout is not None
        line, end_s = b"", time.monotonic() + patience_s
        while not line.endswith(b"\n"):
            left_s = max(0.0, end_s - time.monotonic())
            if not select.select([process.stdout], [], [], left_s)[0]:
                raise CollapsedError(f"{self.name} did not keep up: nothing for {patience_s:.0f} s")
            piece = os.read(process.stdout.fileno(), 1 << 16)
            if not piece:
                raise CollapsedError(f"{self.name} ended; its errors are in errors.log")
            line += piece
        facts: dict[str, Any] = json.loads(line)
        return facts
