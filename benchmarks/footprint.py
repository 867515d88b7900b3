"""Memory and processor time of a whole pipeline, all processes summed, the server not counted."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure
from benchmarks.memory import memory_mib
from benchmarks.server import simulator
from benchmarks.setting import SHORT_ANSWER, robot, talker
from benchmarks.sound import RATE_HZ, SPEECH, speech, write_wav
from pipeline.frames import Status
from pipeline.testing import RunningPipeline, running

CONVERSATION_S = 60
LOOKS = 5
"""At the memory, a second apart."""
WINDOW_S = 10.0
WINDOWS = 3
SOUND_S = 300
"""More than anything here takes."""


def measure(folder: Path) -> list[Figure]:
    """Talk for a minute with the whole robot; then listen for half a minute at a time.

    "Listening" is ears, turn detection, Gemini and mouth; "robot" is that with camera, tools and
    console. In speech without pauses a turn is cut after 30 s and answered in a word.
    """
    silence = write_wav(folder / "silence.wav", np.zeros(SOUND_S * RATE_HZ, np.int16))
    talk = write_wav(folder / "talk.wav", speech(SOUND_S))
    move = {"call": {"name": "move", "args": {"direction": "forward", "distance_m": 10}}}
    with simulator(folder, move, SHORT_ANSWER):
        figures = [_memory(folder)]
    with simulator(folder, "Yes."):
        figures += [
            _processor("listening to silence", talker(folder, [str(silence)])),
            _processor("listening to speech", talker(folder, [str(talk)])),
            _processor("robot, listening to silence", robot(folder, [str(silence)])),
        ]
    return figures


def _memory(folder: Path) -> Figure:
    question = {"path": str(SPEECH / "goforward.wav"), "start": "after_answer"}
    config = robot(folder, [question], microphone={"options": {"loop": True}})
    with running(config) as pipeline:
        answered_s = pipeline.until(_has_answered, "an answer").uptime_s
        pipeline.until(lambda s: s.uptime_s >= answered_s + CONVERSATION_S, "a minute")
        processes = {each.pid: each.name() for each in pipeline.processes()}
        looks = [memory_mib(processes)]
        while len(looks) < LOOKS:
            time.sleep(1)
            looks.append(memory_mib(processes))
    parts = ", ".join(
        f"{processes[key].removeprefix('gr:') if isinstance(key, int) else key} {mib:.0f}"
        for key, mib in looks[-1].items()
    )
    values = [sum(look.values()) for look in looks]
    return Figure("memory after a minute of talk", "MiB", values, p99_limit=240.0, note=parts)


def _processor(name: str, config: Path) -> Figure:
    with running(config) as pipeline:
        pipeline.until(lambda status: status.ready, "readiness")
        values: list[float] = []
        used_s, at_s = _cpu_s(pipeline), time.monotonic()
        for _ in range(WINDOWS):
            time.sleep(WINDOW_S)
            before_s, since_s = used_s, at_s
            used_s, at_s = _cpu_s(pipeline), time.monotonic()
            values.append(60 * (used_s - before_s) / (at_s - since_s))
    return Figure(f"processor time, {name}", "s/min", values)


def _has_answered(status: Status) -> bool:
    return status.turns_closed.get("answered", 0) > 0


def _cpu_s(pipeline: RunningPipeline) -> float:
    """Processor time so far, of all processes."""
    times = [process.cpu_times() for process in pipeline.processes()]
    return sum(each.user + each.system for each in times)
