"""What is done to a running pipeline to break it: a schedule drawn from a seed."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pipeline.errors import GreenroomError
from pipeline.testing import RunningPipeline


class Deed(StrEnum):
    """What is done to a process."""

    KILL = "kill"
    KILL_TWICE = "kill_twice"
    """Killed, and killed again as soon as its successor is born: during its start."""
    STOP = "stop"
    """SIGSTOP for a while; longer than the heartbeat's timeout it is dumped and killed."""
    STARVE = "starve"
    """It gets a tenth of the processor for a second."""


WEIGHTS = {Deed.KILL: 5, Deed.KILL_TWICE: 2, Deed.STOP: 2, Deed.STARVE: 1}
MEAN_PAUSE_S = 8.0
"""Two or three turns between two deeds: each is felt by itself, and by the one before."""
LONGEST_STOP_S = 5.0
"""Beyond the 3 s after which an actor counts as hung."""


@dataclass(frozen=True)
class Step:
    """Wait, then do something to an actor."""

    pause_s: float
    deed: Deed
    actor: str
    seconds: float


def schedule(seed: int, actors: Sequence[str]) -> Iterator[Step]:
    """Yield what happens, for ever; the same seed and actors give the same steps."""
    dice = random.Random(seed)
    deeds, weights = list(WEIGHTS), list(WEIGHTS.values())
    while True:
        yield Step(
            pause_s=dice.expovariate(1 / MEAN_PAUSE_S),
            deed=dice.choices(deeds, weights)[0],
            actor=dice.choice(actors),
            seconds=dice.uniform(0.2, LONGEST_STOP_S),
        )


def mischief(
    pipeline: RunningPipeline, actors: Sequence[str], seed: int, over: threading.Event
) -> Counter[str]:
    """Carry out the schedule until it is over; return what was done."""
    done: Counter[str] = Counter()
    for step in schedule(seed, actors):
        if over.wait(step.pause_s):
            return done
        try:
            _do(pipeline, step)
            done[step.deed] += 1
        except (ProcessLookupError, AssertionError, GreenroomError):
            done["came too late"] += 1  # It has no process just now, or the run is over.
    return done


def _do(pipeline: RunningPipeline, step: Step) -> None:
    pid = pipeline.pid(step.actor)
    match step.deed:
        case Deed.KILL:
            os.kill(pid, signal.SIGKILL)
        case Deed.KILL_TWICE:
            os.kill(pid, signal.SIGKILL)
            deadline_s = time.monotonic() + 5
            while time.monotonic() < deadline_s:
                born = pipeline.actor(step.actor).pid
                if born is not None and born != pid:
                    os.kill(born, signal.SIGKILL)
                    return
        case Deed.STOP:
            os.kill(pid, signal.SIGSTOP)
            time.sleep(step.seconds)
            os.kill(pid, signal.SIGCONT)
        case Deed.STARVE:
            for _ in range(20):
                os.kill(pid, signal.SIGSTOP)
                time.sleep(0.045)
                os.kill(pid, signal.SIGCONT)
                time.sleep(0.005)


def scenario() -> dict[str, Any]:
    """Everything the simulator can do wrong, each by chance, drawn from the simulator's seed."""

    def rule(when: Any, chance: float, *do: Any) -> dict[str, Any]:
        return {"when": when, "probability": chance, "do": list(do)}

    rules = [
        rule("connect", 0.04, {"refuse": {"preset": "unavailable"}}),
        rule("connect", 0.02, {"refuse_tcp": {"for_s": 1}}),
        rule("setup", 0.03, "first_frame_error"),
        rule("setup", 0.02, "no_setup_reply"),
        rule("setup", 0.2, {"reject_resume": {"code": 1007, "reason": "Invalid session handle"}}),
        rule({"after_s": 5}, 0.1, {"goaway": {"time_left_s": 5, "then": "quiet"}}),
        rule({"audio_ms": 400}, 0.01, "quota"),
        rule({"audio_ms": 600}, 0.04, "cut"),
        rule({"audio_ms": 700}, 0.02, "vanish"),
        rule("activity_end", 0.03, "empty_turn"),
        rule("activity_end", 0.03, "generation_complete_only"),
        rule("activity_end", 0.02, "stall"),
        rule({"answer_ms": 200}, 0.03, "cut"),
        rule({"answer_ms": 300}, 0.02, "stall"),
        rule({"answer_ms": 300}, 0.02, {"garbage": "text"}),
        rule({"answer_ms": 300}, 0.02, "unknown_frame"),
        rule({"answer_ms": 300}, 0.02, {"error_frame": {"code": 503}}),
        rule({"answer_ms": 300}, 0.03, "interrupted"),
        rule("activity_end", 0.05, {"unasked": {"text": "Are you still there?", "after_s": 0.5}}),
        rule("activity_end", 0.05, {"unasked": {"after_s": 0.5}}),
        rule({"http": "speech"}, 0.05, {"break_off": {"at": 0.5}}),
        rule({"http": "words"}, 0.05, {"break_off": {"reason": "", "at": 0.5}}),
    ]
    for method in ("generateContent", "streamGenerateContent"):
        rules += [
            rule({"http": method}, 0.03, {"refuse": {"preset": "unavailable"}}),
            rule({"http": method}, 0.01, {"http_quota": {"per": "minute", "retry_s": 5}}),
            rule({"http": method}, 0.02, "cut"),
        ]
    return {"description": "Everything, by chance.", "rules": rules}
