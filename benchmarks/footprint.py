"""Memory and processor time of a whole pipeline, all processes summed, the server not counted."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figures import Figure
from benchmarks.memory import memory_mib, pss_mib
from benchmarks.processes import actor_of, processor_s
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
MEMORY_LIMIT_MIB = 240.0
"""Of all processes of the robot, PSS summed: the design's limit."""
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
        figures = _memory(folder)
    with simulator(folder, "Yes."):
        figures += [
            _processor("listening to silence", talker(folder, [str(silence)])),
            _processor("listening to speech", talker(folder, [str(talk)])),
            _processor("robot, listening to silence", robot(folder, [str(silence)])),
        ]
    return figures


def _memory(folder: Path) -> list[Figure]:
    """The limit is of the PSS, which the simulator and this program make less: they map the same
    libraries. What it is without them is told beside it."""
    question = {"path": str(SPEECH / "goforward.wav"), "start": "after_answer"}
    config = robot(folder, [question], microphone={"options": {"loop": True}})
    with running(config) as pipeline:
        answered_s = pipeline.until(_has_answered, "an answer").uptime_s
        pipeline.until(lambda s: s.uptime_s >= answered_s + CONVERSATION_S, "a minute")
        processes = {each.pid: actor_of(each) for each in pipeline.processes()}
        counted, alone = [pss_mib(processes)], [memory_mib(processes)]
        while len(counted) < LOOKS:
            time.sleep(1)
            counted.append(pss_mib(processes))
            alone.append(memory_mib(processes))
    return [
        Figure(
            "memory after a minute of talk, PSS",
            "MiB",
            [sum(look.values()) for look in counted],
            p99_limit=MEMORY_LIMIT_MIB,
            note=_parts(processes, counted[-1]),
        ),
        Figure(
            "the same, if no other program mapped its libraries",
            "MiB",
            [sum(look.values()) for look in alone],
            note=_parts(processes, alone[-1]),
        ),
    ]


def _parts(processes: dict[int, str], look: Mapping[Any, float]) -> str:
    return ", ".join(f"{processes.get(key, key)} {mib:.0f}" for key, mib in look.items())


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
    return sum(map(processor_s, pipeline.processes()))
