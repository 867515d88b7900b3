"""Greenroom itself: ears, turns, Gemini and mouth, each in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.arrival_sink import notes_of
from benchmarks.live_server.process import LiveServerProcess
from benchmarks.live_server.talk_server import records_of, talk_server
from benchmarks.peers.footprint import watch
from benchmarks.peers.greenroom_sessions import observe_sessions
from benchmarks.peers.observation import CollapsedError, Observation, Run, Trial
from benchmarks.peers.program import BLOCK_AFTER_S, BLOCK_S
from benchmarks.server import Server, simulator
from benchmarks.setting import SHORT_ANSWER, robot, talker
from benchmarks.sound import RATE_HZ, write_wav
from benchmarks.tap import Tap, tapping
from pipeline.frames import ActorState, Audio, Health, Playback, PlaybackState
from pipeline.testing import RunningPipeline, running

ANSWER_RATE_HZ = 24_000
STAGES = ("live", "vad", "microphone")
"""Stopped in turn, one for each answer: everything but what stands for the device."""
HEARING = ("vad", "live", "http", "device")
SINK = f"{Path(__file__).parents[1] / 'arrival_sink.py'}:ArrivalSink"
PATIENCE_S = 30.0
"""After the sound has been spoken."""


class GreenroomSubject:
    """Runs `greenroom run` with a recording for ears and a file for a mouth."""

    name = "Greenroom"

    def __init__(self, sessions: int) -> None:
        """Be asked for so many sessions at once at most."""
        self._sessions = sessions

    def most_sessions(self) -> int:
        """All that one pipeline is asked to hold."""
        return self._sessions

    def observe(self, trial: Trial, folder: Path) -> Observation:
        """Run it once.

        Raises:
            CollapsedError: nothing was heard of it in time.
        """
        if trial.sessions > 1:
            return observe_sessions(trial, folder)
        sound = write_wav(folder / "sound.wav", trial.sound)
        with talk_server(folder, trial.behaviour(sound)) as service, ExitStack() as stack:
            stand_in = None
            if trial.stand_in:
                stand_in = stack.enter_context(simulator(folder, SHORT_ANSWER))
            config = _config(trial, folder, sound, service)
            spawned_ns = time.monotonic_ns()
            try:
                with running(config) as pipeline:
                    seen = _observe(trial, pipeline, spawned_ns, folder)
            except (TimeoutError, AssertionError) as error:
                raise CollapsedError(f"Greenroom did not do it: {error}") from error
            if stand_in is not None:
                seen.stand_in_ms = _heard_ms(stand_in)
        seen.sessions = records_of(service)
        return seen


def _config(trial: Trial, folder: Path, sound: Path, service: LiveServerProcess) -> Path:
    live: dict[str, Any] = {"options": {"server_file": str(service.address_file)}}
    changes: dict[str, Any] = {"live": live, "speaker": {"use": SINK}}
    if trial.server_turns:
        live["inputs"] = {"speech": None}
    if not trial.stand_in:
        return talker(folder, [str(sound)], **changes)
    # The server looks up what it hears in what was spoken: nothing may be cancelled from it.
    changes["echo"] = None
    for name in HEARING:
        changes.setdefault(name, {})["inputs"] = {"audio": "microphone.audio"}
    return robot(folder, [str(sound)], **changes)


def _observe(trial: Trial, pipeline: RunningPipeline, spawned_ns: int, folder: Path) -> Observation:
    pipeline.until(lambda status: bool(status.actors), "a sign of life")
    streams = {"speaker": ["playback"], "microphone": ["health"]}
    with tapping(pipeline.runtime_dir, **streams) as tap:
        zero_ns = _zero_ns(pipeline)
        footprint = None
        if not trial.block:
            footprint = watch(trial, zero_ns, pipeline.processes)
        playbacks = _playbacks(tap, trial, pipeline if trial.block else None)
    seen = Observation(trial, spawned_ns, [zero_ns], [_runs(playbacks, folder)])
    if footprint is not None:
        seen.cpu_s_per_min, seen.memory_mib = footprint
    return seen


def _playbacks(tap: Tap, trial: Trial, blocked: RunningPipeline | None) -> list[Playback]:
    """Collect until the recording has been spoken; stop a stage in the middle of each answer."""
    found: list[Playback] = []
    stages = iter(STAGES)
    for heard in tap.stream(trial.seconds + PATIENCE_S):
        frame = heard.frame
        if isinstance(frame, Playback):
            found.append(frame)
            begins = frame.state is PlaybackState.STARTED
            if blocked and begins and (stage := next(stages, None)):
                time.sleep(BLOCK_AFTER_S)
                _stop_for_a_while(blocked.pid(stage))
        elif isinstance(frame, Health) and frame.state is ActorState.FINISHED:
            break
    return found


def _stop_for_a_while(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(BLOCK_S)
    finally:
        os.kill(pid, signal.SIGCONT)


def _runs(playbacks: list[Playback], folder: Path) -> list[Run]:
    notes = notes_of(folder / "answer.wav")
    lines = notes.read_text().splitlines() if notes.exists() else []
    handed_ns = {note["turn"]: note["at_ns"] for note in map(json.loads, lines)}
    started: dict[str, int] = {}
    newest: dict[str, Playback] = {}
    for frame in playbacks:
        if frame.state is PlaybackState.STARTED:
            started[frame.turn] = frame.at_ns
        newest[frame.turn] = frame
    return [
        Run(
            handed_ns.get(turn, start_ns),
            start_ns,
            newest[turn].at_ns,
            newest[turn].played_samples * 1_000_000_000 // ANSWER_RATE_HZ,
        )
        for turn, start_ns in started.items()
    ]


def _zero_ns(pipeline: RunningPipeline) -> int:
    frame = pipeline.frame("microphone", "audio", lambda _: True)
    assert isinstance(frame, Audio)
    return frame.origin_ns - (frame.position + frame.samples) * 1_000_000_000 // RATE_HZ


def _heard_ms(stand_in: Server) -> float:
    """How much of the user's speech the HTTP backend's server was given, at most in a request."""
    return max((float(each["audio_ms"]) for each in stand_in.journal()["requests"]), default=0.0)
