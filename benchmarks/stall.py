"""A stage that stands still for half a second while an answer plays."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.server import simulator
from benchmarks.setting import robot
from benchmarks.sound import SPEECH
from benchmarks.tap import Tap, tapping
from pipeline.frames import Playback, PlaybackState
from pipeline.testing import running

TRIALS = 2
STOPPED_S = 0.5
INTO_ANSWER_S = 0.5
"""By then the server is well ahead: it sends three times faster than real time, or more."""
ANSWER = "One two three four five six seven eight nine ten."
"""3 s of sound."""
RATE_HZ = 24_000
"""Of answers."""
PLAYER = "speaker"
"""Not stopped itself: for the device that would be a machine that stands still."""


def measure(folder: Path) -> list[Figure]:
    """Stop each process in turn, the supervisor and its fork server included.

    The gap is the time from the first to the last sample heard, less the length of what was heard.
    """
    question = {"path": str(SPEECH / "cards-001.wav"), "start": "after_answer"}
    config = robot(folder, [question], microphone={"options": {"loop": True}})
    gaps: list[float] = []
    unheard: list[float] = []
    with (
        simulator(folder, ANSWER) as server,
        running(config) as pipeline,
        tapping(pipeline.runtime_dir, **{PLAYER: ["playback"]}) as tap,
    ):
        tap.until(PLAYER, Playback, lambda frame: frame.state is PlaybackState.FINISHED)
        spared = pipeline.pid(PLAYER)
        stages = [each.pid for each in pipeline.processes() if each.pid != spared]
        for pid in stages * TRIALS:
            gap_ms, heard = _stop_while_playing(tap, pid)
            sent = server.turns()[-1]["answer_ms"] * RATE_HZ / 1000
            gaps.append(gap_ms)
            unheard.append(sent - heard)
    return [
        Figure("gap in playback, a stage stopped for 500 ms", "ms", gaps, p99_limit=0.0),
        Figure("- samples of the answer not heard", "", unheard, p99_limit=0.0),
    ]


def _stop_while_playing(tap: Tap, pid: int) -> tuple[float, int]:
    """Return the gap in ms and the samples heard of the answer during which `pid` was stopped."""
    started, _ = tap.until(PLAYER, Playback, lambda frame: frame.state is PlaybackState.STARTED)
    tap.until(PLAYER, Playback, lambda frame: frame.played_samples >= INTO_ANSWER_S * RATE_HZ)
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(STOPPED_S)
    finally:
        os.kill(pid, signal.SIGCONT)
    ended, _ = tap.until(PLAYER, Playback, lambda frame: frame.state is PlaybackState.FINISHED)
    heard_ms = ended.played_samples * 1000 / RATE_HZ
    # To 10 us: times and lengths are whole nanoseconds and samples.
    return round((ended.at_ns - started.at_ns) / 1e6 - heard_ms, 2), ended.played_samples
