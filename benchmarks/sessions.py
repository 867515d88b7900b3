"""Many sessions at once through one VAD and one Live actor, with real speech in real time.

`python -m benchmarks.sessions 25` measures so many alone.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

from benchmarks.callers import BEGAN, BLOCK_NS, caller_name, offsets_ns
from benchmarks.crowd import CALLERS, callers_actor, gauge, room_mib, used_s
from benchmarks.figures import Figure
from benchmarks.live_server.crowd import Arrival, crowd_server
from benchmarks.live_server.process import ADDRESS_NAME
from benchmarks.memory import FURTHER_LIMIT_MIB
from benchmarks.setting import NAME
from benchmarks.sound import CHUNK_SAMPLES
from benchmarks.tap import Tap, tapping
from pipeline.frames import SpeechStarted
from pipeline.quantile import quantile
from pipeline.testing import running

COUNTS = (1, 10, 25, 50, 100)
P99_LIMIT_MS = 20.0
"""For all up to 100 sessions: the design's limit."""
SETTLE_S = 8.0
"""Left out: all connect at once, and what was said before waits for that."""
WINDOW_S = 26.0
"""With the former more than the 30 s of sound that are kept of each session."""


@dataclass
class Run:
    """What so many sessions took.

    Attributes:
        callers: How many.
        lateness_ms: Of each block in mid-turn, from capture to the server.
        processor_s: Per session and minute, all processes of the pipeline.
        memory_mib: Of all these, at the end.
        turns: By outcome.
        note: What each process used, in % of a processor.
    """

    callers: int
    lateness_ms: list[float]
    processor_s: float
    memory_mib: float
    turns: dict[str, int]
    note: str


def measure(folder: Path) -> list[Figure]:
    """Talk with one, with ten ... at once; speech is half of the time."""
    runs = [_run(folder, callers) for callers in COUNTS]
    figures: list[Figure] = []
    for run in runs:
        name = f"{run.callers} sessions"
        figures += [
            Figure(f"{name}: block to server", "ms", run.lateness_ms, p99_limit=P99_LIMIT_MS),
            Figure(
                f"{name}: processor time each",
                "s/min",
                [run.processor_s],
                note=f"{run.note}; turns {run.turns}",
            ),
        ]
    further = [(r.memory_mib - runs[0].memory_mib) / (r.callers - 1) for r in runs[1:]]
    figures.append(
        Figure("memory of a further session", "MiB", further, p99_limit=FURTHER_LIMIT_MIB)
    )
    return figures


def _run(folder: Path, callers: int) -> Run:
    folder = folder / str(callers)
    with (
        crowd_server(folder) as server,
        running(_config(folder, callers)) as pipeline,
    ):
        pipeline.until(lambda status: gauge(status, CALLERS, BEGAN) > 0, "the first call")
        zero_ns = int(gauge(pipeline.status(), CALLERS, BEGAN))
        starts: defaultdict[str, list[SpeechStarted]] = defaultdict(list)
        with tapping(pipeline.runtime_dir, vad=["speech"]) as tap:
            _listen(tap, starts, SETTLE_S)
            before, before_s = used_s(pipeline), time.monotonic()
            _listen(tap, starts, WINDOW_S)
            after, minutes = used_s(pipeline), (time.monotonic() - before_s) / 60
            memory = room_mib(pipeline)
            turns = pipeline.status().turns_closed
        arrivals = server.seen().arrivals
    used = {name: after[name] - before.get(name, 0.0) for name in after}
    return Run(
        callers,
        _lateness_ms(arrivals, starts, zero_ns, callers),
        sum(used.values()) / minutes / callers,
        memory,
        turns,
        ", ".join(f"{name} {100 * each / minutes / 60:.0f} %" for name, each in used.items()),
    )


def _listen(tap: Tap, starts: defaultdict[str, list[SpeechStarted]], seconds: float) -> None:
    try:
        for heard in tap.stream(seconds):
            if isinstance(heard.frame, SpeechStarted):
                starts[heard.frame.session].append(heard.frame)
    except TimeoutError:
        return


def _lateness_ms(
    arrivals: list[Arrival],
    starts: defaultdict[str, list[SpeechStarted]],
    zero_ns: int,
    callers: int,
) -> list[float]:
    """Only what was captured after the detection of speech counts: what was before must wait."""
    offsets = offsets_ns(callers)
    values: list[float] = []
    # Looking at the memory afterwards holds up the processes.
    window_s = range(round(SETTLE_S), round(SETTLE_S + WINDOW_S))
    for at_ns, caller, block in arrivals:
        captured_ns = zero_ns + offsets[caller] + (block + 1) * BLOCK_NS
        position = block * CHUNK_SAMPLES
        known = [s for s in starts[caller_name(caller)] if s.position <= position]
        in_window = (captured_ns - zero_ns) // 1_000_000_000 in window_s
        if in_window and known and known[-1].sent_ns < captured_ns:
            values.append((at_ns - captured_ns) / 1e6)
    return values


def _config(folder: Path, callers: int) -> Path:
    audio = {"audio": f"{CALLERS}.audio"}
    supervisor = {"route": "supervisor.route", "turns": "supervisor.turns"}
    actors = {
        CALLERS: callers_actor({"count": callers, "plays": False}),
        "vad": {"use": "vad", "inputs": audio},
        "live": {
            "use": "live",
            "inputs": {**audio, "speech": "vad.speech", **supervisor},
            "options": {"server_file": str(folder / ADDRESS_NAME)},
        },
    }
    path = folder / f"{NAME}.yaml"
    path.write_text(
        yaml.safe_dump({"name": NAME, "route": {"backends": ["live"]}, "actors": actors})
    )
    return path


def main() -> None:
    """Print a table."""
    table = Table("sessions", "blocks", "p50 ms", "p99 ms", "max ms", "s/min each", "MiB", "turns")
    notes: list[str] = []
    for callers in [int(each) for each in sys.argv[1:]] or COUNTS:
        with tempfile.TemporaryDirectory(prefix="gr-") as folder:
            run = _run(Path(folder), callers)
        late = run.lateness_ms
        table.add_row(
            str(callers),
            str(len(late)),
            *(f"{value:.2f}" for value in (quantile(late, 0.5), quantile(late, 0.99), max(late))),
            f"{run.processor_s:.2f}",
            f"{run.memory_mib:.0f}",
            ", ".join(f"{count} {outcome}" for outcome, count in run.turns.items()),
        )
        notes.append(f"{callers}: {run.note}")
    Console(width=120).print(table)
    print(*notes, sep="\n")


if __name__ == "__main__":
    main()
