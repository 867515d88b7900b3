"""From a close of Live for quota to the next backend at work on the same turn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from benchmarks.server import Server, simulator
from benchmarks.setting import robot
from benchmarks.sound import SPEECH
from benchmarks.tap import tapping
from pipeline.frames import TurnClosed
from pipeline.testing import running

TRIALS = 12
"""Each in a new pipeline: after a quota Live is left alone for a minute."""
LIMIT_MS = 30.0


def measure(folder: Path) -> list[Figure]:
    """Close Live when the user has spoken, and see when `http` asks, both at the server.

    In it are the close on its way to us, the verdict on it, the change of the route, and the
    request on its way to the server.
    """
    question = str(SPEECH / "goforward.wav")
    config = robot(folder, [question])
    values: list[float] = []
    first_sound_ms: list[float] = []
    with simulator(folder, {"quota": {}}) as server:
        for _ in range(TRIALS):
            with running(config) as pipeline:
                pipeline.until(lambda status: bool(status.actors), "a sign of life")
                with tapping(pipeline.runtime_dir, supervisor=["turns"]) as tap:
                    closed, _ = tap.until("supervisor", TurnClosed)
            assert closed.by == "http", closed
            assert closed.first_sound_ms is not None
            values.append(_between_ms(server))
            first_sound_ms.append(closed.first_sound_ms)
    return [
        Figure("quota close of Live to http at work", "ms", values, p99_limit=LIMIT_MS),
        Figure("- end of speech to first sound", "ms", first_sound_ms),
    ]


def _between_ms(server: Server) -> float:
    journal: dict[str, Any] = server.journal()
    sent_ns = journal["sessions"][-1]["close_sent_ns"]
    asked_ns = next(
        request["at_ns"]
        for request in journal["requests"]
        if request["at_ns"] > sent_ns and "Content" in request["method"]
    )
    return float(asked_ns - sent_ns) / 1e6
