"""From the start of the command to the first sound at the server."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.server import simulator
from benchmarks.setting import SHORT_ANSWER, robot
from benchmarks.sound import SPEECH
from pipeline.testing import running

TRIALS = 9
RUN_S = 4.0
"""Several times the limit, so that a slow start is measured and not missed."""


def measure(folder: Path) -> list[Figure]:
    """Start the whole robot again and again; the server finds the turns, so sound flows at once.

    The simulator is there before. The first start is a warm-up: it finds the files on the disk.
    """
    path = robot(folder, [str(SPEECH / "austen-0870.wav")], live={"inputs": {"speech": None}})
    values: list[float] = []
    with simulator(folder, SHORT_ANSWER) as server:
        for _ in range(TRIALS + 1):
            before = len(server.arrivals())
            began_ns = time.monotonic_ns()
            with running(path, "--duration", str(RUN_S)) as pipeline:
                pipeline.wait()
            arrivals = server.arrivals()
            assert len(arrivals) > before, f"nothing was heard:\n{pipeline.output}"
            values.append((arrivals[before][0] - began_ns) / 1e6)
    return [Figure("start to first sound at the server", "ms", values[1:], p99_limit=1200.0)]
