"""Many sessions at once through one VAD and one Live actor, with real speech in real time.

`python -m benchmarks.sessions 25` measures so many alone.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure, quantile
from benchmarks.peers.footprint import BEFORE_END_S
from benchmarks.peers.greenroom_sessions import observe_sessions
from benchmarks.peers.kinds import block_delays_ms
from benchmarks.peers.observation import Observation, Trial
from benchmarks.sound import RATE_HZ, Samples, phrases, quiet

COUNTS = (1, 10, 25, 50, 100)
P99_LIMIT_MS = 20.0
"""For all up to 100 sessions: the design's limit."""
MEMORY_LIMIT_MIB = 2.0
"""For each further session."""
SETTLE_S = 8.0
"""Left out: all connect at once, and what was said before waits for that."""
WINDOW_S = 26.0
"""With the former more than the 30 s of sound that are kept of each session."""
ANSWER_MS = 400
"""As many messages as a second of sound takes that comes in pieces of 200 ms."""


def measure(folder: Path) -> list[Figure]:
    """Talk with one, with ten ... at once; speech is half of the time."""
    runs = [_run(folder, sessions) for sessions in COUNTS]
    figures: list[Figure] = []
    for run in runs:
        name = f"{run.trial.sessions} sessions"
        late_ms = _late_ms(run)
        figures += [
            Figure(f"{name}: block to server", "ms", late_ms, p99_limit=P99_LIMIT_MS),
            Figure(
                f"{name}: processor time each",
                "s/min",
                [run.cpu_s_per_min],
                note=f"{_shares(run)}; turns {run.turns}",
            ),
        ]
    further = [(r.memory_mib - runs[0].memory_mib) / (r.trial.sessions - 1) for r in runs[1:]]
    figures.append(
        Figure("memory of a further session", "MiB", further, p99_limit=MEMORY_LIMIT_MIB)
    )
    return figures


def _run(folder: Path, sessions: int) -> Observation:
    folder = folder / str(sessions)
    folder.mkdir()
    trial = Trial(_talk(), ANSWER_MS, sessions=sessions, settle_s=SETTLE_S)
    return observe_sessions(trial, folder, feeding=False)


def _talk() -> Samples:
    """No phrase comes twice: the server knows each block by its samples."""
    parts = [part for said in phrases() for part in (said, quiet(len(said) / RATE_HZ))]
    return np.concatenate(parts)[: int((SETTLE_S + WINDOW_S + BEFORE_END_S) * RATE_HZ)]


def _late_ms(run: Observation) -> list[float]:
    # Looking at the memory afterwards holds up the processes.
    return block_delays_ms(run, SETTLE_S + WINDOW_S)


def _shares(run: Observation) -> str:
    shares = ((name.removeprefix("gr:"), share) for name, share in run.percents.items())
    return ", ".join(f"{name} {share:.0f} %" for name, share in shares)


def main() -> None:
    """Print a table."""
    table = Table("sessions", "blocks", "p50 ms", "p99 ms", "max ms", "s/min each", "MiB", "turns")
    notes: list[str] = []
    for sessions in [int(each) for each in sys.argv[1:]] or COUNTS:
        with tempfile.TemporaryDirectory(prefix="gr-") as folder:
            run = _run(Path(folder), sessions)
        late = _late_ms(run)
        table.add_row(
            str(sessions),
            str(len(late)),
            *(f"{value:.2f}" for value in (quantile(late, 0.5), quantile(late, 0.99), max(late))),
            f"{run.cpu_s_per_min:.2f}",
            f"{run.memory_mib:.0f}",
            ", ".join(f"{count} {outcome}" for outcome, count in run.turns.items()),
        )
        notes.append(f"{sessions}: {_shares(run)}")
    Console(width=120).print(table)
    print(*notes, sep="\n")


if __name__ == "__main__":
    main()
