"""Many sessions of Greenroom: one VAD and one Live actor for all of them."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import psutil
import yaml

from benchmarks.live_server.process import LiveServerProcess
from benchmarks.live_server.talk import SessionRecord
from benchmarks.live_server.talk_server import records_of, talk_server
from benchmarks.peers.footprint import watch
from benchmarks.peers.microphones import ACTOR
from benchmarks.peers.observation import CollapsedError, Observation, Trial
from benchmarks.peers.task import KEY
from benchmarks.setting import NAME
from benchmarks.sound import ROOT, write_wav
from pipeline.testing import RunningPipeline, running

PATIENCE_S = 20.0


def observe_sessions(trial: Trial, folder: Path) -> Observation:
    """Speak into many sessions at once; what is answered is not played.

    Raises:
        CollapsedError: they were not served.
    """
    sound = write_wav(folder / "sound.wav", trial.sound)
    with talk_server(folder, trial.behaviour(sound)) as service:
        config = _config(folder, service)
        spawned_ns = time.monotonic_ns()
        try:
            with running(config, "--external", ACTOR) as pipeline:
                seen = _observe(trial, pipeline, sound, spawned_ns)
        except (AssertionError, psutil.NoSuchProcess, subprocess.TimeoutExpired) as error:
            raise CollapsedError(f"Greenroom did not do it: {error}") from error
    seen.sessions = [record for record in records_of(service) if record.arrivals]
    for record in seen.sessions:
        record.key = f"{KEY}-{_whose(record, seen)}"
    return seen


def _observe(trial: Trial, pipeline: RunningPipeline, sound: Path, spawned_ns: int) -> Observation:
    pipeline.until(lambda status: status.ready, "readiness")
    module = [sys.executable, "-m", "benchmarks.peers.microphones"]
    command = [*module, str(pipeline.runtime_dir), str(sound), str(trial.sessions)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as speaking:
        try:
            assert speaking.stdout is not None
            zeros_ns = json.loads(speaking.stdout.readline())
            # The peers feed themselves too.
            feeding = psutil.Process(speaking.pid)
            footprint = watch(trial, zeros_ns[0], lambda: [feeding, *pipeline.processes()])
            speaking.wait(PATIENCE_S)
        finally:
            speaking.kill()
    seen = Observation(trial, spawned_ns, zeros_ns, [[] for _ in zeros_ns])
    seen.cpu_s_per_min, seen.memory_mib = footprint
    return seen


def _whose(record: SessionRecord, seen: Observation) -> int:
    """Return the session whose clock fits best: all connections of `live` have one key."""

    def misfit(session: int) -> float:
        found = [(at_ns, end) for at_ns, _, end in record.arrivals if end > 0]
        gaps = (abs(at_ns - seen.due_ns(session, end)) for at_ns, end in found)
        return statistics.median(gaps)

    return min(range(seen.trial.sessions), key=misfit)


def _config(folder: Path, service: LiveServerProcess) -> Path:
    audio = {"audio": f"{ACTOR}.audio"}
    supervisor = {"route": "supervisor.route", "turns": "supervisor.turns"}
    actors = {
        ACTOR: {"use": "microphone"},
        "vad": {"use": "vad", "inputs": audio},
        "live": {
            "use": "live",
            "inputs": {**audio, "speech": "vad.speech", **supervisor},
            "options": {"server_file": str(service.address_file)},
        },
    }
    path = folder / f"{NAME}.yaml"
    path.write_text(
        yaml.safe_dump({"name": NAME, "route": {"backends": ["live"]}, "actors": actors})
    )
    return path
