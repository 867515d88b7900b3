"""From the SIGKILL of an actor to its work being done again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.server import simulator
from benchmarks.setting import SHORT_ANSWER, robot
from benchmarks.sound import SPEECH
from benchmarks.tap import Heard, Tap, tapping
from pipeline.frames import (
    ActorState,
    Audio,
    BackendState,
    BackendStatus,
    Frame,
    Health,
    Image,
    ToolOffer,
)
from pipeline.testing import running

TRIALS = 10
LIMIT_MS = 500.0
UNPUNISHED = {"stable_s": 0.1, "intensity": 1000, "intensity_window_s": 0.1}
"""Every kill is met like a first one: at once."""
CALM_BEATS = 2
"""Heartbeats, 4 a second, between a return and the next kill: longer than the times above."""
READY = (ActorState.READY, ActorState.FINISHED)

PROOFS: dict[str, tuple[str, type[Frame]]] = {
    "microphone": ("audio", Audio),
    "echo": ("audio", Audio),
    "camera": ("video", Image),
    "tools": ("offer", ToolOffer),
    "live": ("status", BackendStatus),
    "http": ("status", BackendStatus),
    "device": ("status", BackendStatus),
    "speaker": ("far_end", Audio),
}
"""Port and type of what an actor sends when it works. All, these and the others, must also say
that they are ready: connected to all their peers and given what they missed."""
READINESS: tuple[str, type[Frame]] = ("health", Health)


def measure(folder: Path) -> list[Figure]:
    """Kill one actor after the other in the middle of a conversation."""
    question = {"path": str(SPEECH / "goforward.wav"), "start": "after_answer"}
    config = robot(
        folder,
        [question],
        microphone={"options": {"loop": True}},
        # A film has its pictures at fixed times: the next one is at most 0.2 s away.
        camera={"options": {"rate_hz": 5}},
        supervision=UNPUNISHED,
    )
    lost: list[float] = []
    with simulator(folder, SHORT_ANSWER), running(config) as pipeline:
        status = pipeline.until(lambda s: s.turns_closed.get("answered", 0) > 0, "an answer")
        proofs = {each.actor: PROOFS.get(each.actor, READINESS) for each in status.actors}
        values: dict[str, list[float]] = {actor: [] for actor in proofs}
        streams = {actor: ["health", port] for actor, (port, _) in proofs.items()}
        with tapping(pipeline.runtime_dir, **streams) as tap:
            watch = _Watch(tap)
            watch.beats(*proofs)
            for _ in range(TRIALS):
                for actor, (_, kind) in proofs.items():
                    missing = watch.missing_samples
                    values[actor].append(watch.kill(actor, kind))
                    watch.beats(actor, *["vad"] * CALM_BEATS)
                    if actor in ("microphone", "vad"):
                        before = 0 if actor == "vad" else missing
                        lost.append(watch.missing_samples - before)
    return [
        *(
            Figure(f"SIGKILL of {actor} to its return", "ms", values[actor], p99_limit=LIMIT_MS)
            for actor in values
        ),
        Figure("- sound lost by the VAD", "samples", lost, p99_limit=0.0),
    ]


class _Watch:
    """Newest heartbeat of each actor."""

    def __init__(self, tap: Tap) -> None:
        self._tap = tap
        self._health: dict[str, Health] = {}

    @property
    def missing_samples(self) -> int:
        """Silence that the detector had to put in since its start."""
        return self._health["vad"].counters.get("missing_samples", 0)

    def beats(self, *actors: str) -> None:
        """Return after a heartbeat of each of these, or as many as it is named."""
        waiting = list(actors)
        stream = self._stream()
        while waiting:
            actor, frame, _ = next(stream)
            if isinstance(frame, Health) and actor in waiting:
                waiting.remove(actor)

    def kill(self, actor: str, kind: type[Frame]) -> float:
        """Return how long it took until it worked again, in ms."""
        old = self._health[actor]
        killed_ns = time.monotonic_ns()
        os.kill(old.pid, signal.SIGKILL)
        ready = works = False
        for sender, frame, at_ns in self._stream():
            if sender != actor or frame.boot <= old.boot:
                continue
            if isinstance(frame, Health):
                ready = ready or frame.state in READY
            if isinstance(frame, kind):
                works = works or not _is_waiting(frame)
            if ready and works:
                return (at_ns - killed_ns) / 1e6
        raise AssertionError("streams do not end")

    def _stream(self) -> Iterator[Heard]:
        for heard in self._tap.stream():
            if isinstance(heard.frame, Health):
                self._health[heard.actor] = heard.frame
            yield heard


def _is_waiting(frame: Frame) -> bool:
    """Whether a backend says that it is not connected yet."""
    return isinstance(frame, BackendStatus) and frame.state is not BackendState.READY
