"""An hour of conversation at ten times its pace: nothing may grow.

The clocks of the microphone and of the player run ten times as fast; processes, sockets and the
server are real.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.figures import Figure
from benchmarks.memory import memory_mib
from benchmarks.server import simulator
from benchmarks.setting import talker
from benchmarks.sound import SPEECH
from benchmarks.tap import tapping
from pipeline.frames import Outcome, TurnClosed
from pipeline.testing import RunningPipeline, running

PACE = 10
HOUR_S = 3600 / PACE
PARTS = 6
"""Ten minutes each; the first is for caches and retained seconds to fill."""
QUESTIONS = ("goforward.wav", "cards-001.wav", "cards-003.wav")
ANSWER = "One two three four five six seven eight nine ten."
SLOWER = 1.2
"""A median over sixty turns varies by a tenth by itself."""
GROWN_MIB = 5.0
"""2 % of what the pipeline has: allocators give pages back late."""


@dataclass
class Part:
    """Ten minutes."""

    first_sound_ms: list[float] = field(default_factory=list)
    unanswered: int = 0
    memory_mib: float = 0.0
    descriptors: int = 0


def measure(folder: Path) -> list[Figure]:
    """Ask and answer for an hour; compare the last ten minutes with the first but one."""
    items = [{"path": str(SPEECH / name), "start": "after_answer"} for name in QUESTIONS]
    config = talker(
        folder,
        items,
        microphone={"options": {"loop": True, "pace": PACE}},
        speaker={"options": {"pace": PACE}},
    )
    parts = [Part()]
    with (
        simulator(folder, ANSWER),
        running(config) as pipeline,
        tapping(pipeline.runtime_dir, supervisor=["turns"]) as tap,
    ):
        begun_s = pipeline.until(lambda status: status.ready, "readiness").uptime_s
        for heard in tap.stream(HOUR_S + 60):
            if isinstance(heard.frame, TurnClosed):
                _count(parts[-1], heard.frame)
                if pipeline.status().uptime_s > begun_s + len(parts) * HOUR_S / PARTS:
                    _look(parts[-1], pipeline)
                    if len(parts) == PARTS:
                        break
                    parts.append(Part())
    early, late = parts[1], parts[-1]
    slower = Figure("first sound, last ten minutes", "ms", late.first_sound_ms)
    before = Figure("first sound, second ten minutes", "ms", early.first_sound_ms)
    return [
        before,
        slower,
        Figure("- slower by a factor", "", [slower.p50 / before.p50], p99_limit=SLOWER),
        Figure(
            "memory grown in fifty minutes",
            "MiB",
            [late.memory_mib - parts[0].memory_mib],
            p99_limit=GROWN_MIB,
            note=" ".join(f"{part.memory_mib:.0f}" for part in parts),
        ),
        Figure(
            "descriptors grown in fifty minutes",
            "",
            [late.descriptors - parts[0].descriptors],
            p99_limit=0,
        ),
        Figure("turns without an answer", "", [sum(p.unanswered for p in parts)], p99_limit=0),
    ]


def _count(part: Part, turn: TurnClosed) -> None:
    if turn.outcome is not Outcome.ANSWERED:
        part.unanswered += 1
    elif turn.first_sound_ms is not None:
        part.first_sound_ms.append(turn.first_sound_ms)


def _look(part: Part, pipeline: RunningPipeline) -> None:
    processes = pipeline.processes()
    part.memory_mib = sum(memory_mib([each.pid for each in processes]).values())
    part.descriptors = sum(_descriptors(each) for each in processes)


def _descriptors(process: psutil.Process) -> int:
    return int(process.num_fds())
