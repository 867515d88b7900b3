"""Many callers on WebSockets, with everything between them and the server.

`python -m benchmarks.web_load 10 60 100` lets so many talk, with answers of a second played;
`--listen` has answers of a fifth of a second, `--packed` sends sound in JSON and base64.
"""

from __future__ import annotations

import bisect
import contextlib
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.callers import caller_name
from benchmarks.crowd import room_parts_mib, used_s
from benchmarks.figures import quantile
from benchmarks.live_server.crowd import ANSWER_MESSAGES, Arrival, crowd_server
from benchmarks.machine import description
from benchmarks.sound import CHUNK_SAMPLES
from benchmarks.tap import Tap, tapping
from benchmarks.web_callers.process import web_callers
from benchmarks.web_callers.talker import Talk
from benchmarks.web_room import url_of, web_config
from pipeline.frames import SpeechStarted
from pipeline.testing import running

SETTLE_S = 8.0
"""Left out: all connect at once, and what was said before waits for that."""
WINDOW_S = 26.0
"""As in `sessions`."""
ANSWER_WAIT_NS = 2_000_000_000
"""Later sound is of another answer: its caller spoke before anything of this one was due."""
P99_LIMIT_MS = 20.0
"""For the way up: the design's limit."""
Starts = defaultdict[str, list[SpeechStarted]]


@dataclass
class Load:
    """What so many callers took.

    Attributes:
        callers: How many.
        up_ms: Of each block in mid-turn, from the caller's sending it to the server.
        down_ms: Of each answer, from the server's sending its first piece to the caller.
        processor_s: Per caller and minute, by process.
        memory_mib: At the end, by process.
        turns: By outcome.
        beside_s: Per caller and minute, of the callers' process and of the server's, which are not
            the room's.
    """

    callers: int
    up_ms: list[float]
    down_ms: list[float]
    processor_s: dict[str, float]
    memory_mib: dict[str, float]
    turns: dict[str, int]
    beside_s: dict[str, float]

    @property
    def holds(self) -> bool:
        """Whether the way up is as short as is promised."""
        return quantile(self.up_ms, 0.99) <= P99_LIMIT_MS


def measure(folder: Path, callers: int, *, pieces: int, packed: bool = False) -> Load:
    """Let so many talk; half of the time each says something."""
    with (
        crowd_server(folder, pieces) as server,
        running(web_config(folder)) as pipeline,
    ):
        url = url_of(pipeline)
        with (
            tapping(pipeline.runtime_dir, vad=["speech"]) as tap,
            web_callers(folder, url, callers, packed=packed) as people,
        ):
            starts: Starts = defaultdict(list)
            _listen(tap, starts, SETTLE_S)
            beside = {"callers": people.pid, "server": server.pid}
            before, began_ns = used_s(pipeline) | _used_s(beside), time.monotonic_ns()
            _listen(tap, starts, WINDOW_S)
            after, ended_ns = used_s(pipeline) | _used_s(beside), time.monotonic_ns()
            memory = room_parts_mib(pipeline)
            turns = pipeline.status().turns_closed
            talks = people.end()
        seen = server.seen()
    minutes = (ended_ns - began_ns) / 60e9
    window = range(began_ns, ended_ns)
    used = {
        name: (used - before.get(name, 0.0)) / minutes / callers for name, used in after.items()
    }
    beside_s = {name: used.pop(name) for name in beside}
    return Load(
        callers,
        _up_ms(seen.arrivals, starts, talks, window),
        _down_ms(seen.answers, talks, window),
        used,
        memory,
        turns,
        beside_s,
    )


def _used_s(pids: Mapping[str, int]) -> dict[str, float]:
    times = {name: psutil.Process(pid).cpu_times() for name, pid in pids.items()}
    return {name: each.user + each.system for name, each in times.items()}


def _listen(tap: Tap, starts: Starts, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        for heard in tap.stream(seconds):
            if isinstance(heard.frame, SpeechStarted):
                starts[heard.frame.session].append(heard.frame)


def _up_ms(
    arrivals: list[Arrival], starts: Starts, talks: list[Talk], window: range
) -> list[float]:
    """Only what was sent after the detection of speech counts: what was before must wait."""
    values: list[float] = []
    for at_ns, caller, block in arrivals:
        sent = talks[caller].sent
        sent_ns = sent.get(block, 0)
        position = (block - next(iter(sent))) * CHUNK_SAMPLES
        known = [each for each in starts[caller_name(caller)] if each.position <= position]
        if sent_ns in window and known and known[-1].sent_ns < sent_ns:
            values.append((at_ns - sent_ns) / 1e6)
    return values


def _down_ms(answers: list[tuple[int, int]], talks: list[Talk], window: range) -> list[float]:
    values: list[float] = []
    for sent_ns, caller in answers:
        sounds = talks[caller].sounds
        at = bisect.bisect(sounds, sent_ns)
        if sent_ns in window and at < len(sounds) and sounds[at] - sent_ns < ANSWER_WAIT_NS:
            values.append((sounds[at] - sent_ns) / 1e6)
    return values


def main() -> int:
    """Print a table."""
    options = [each for each in sys.argv[1:] if each.startswith("--")]
    counts = [int(each) for each in sys.argv[1:] if each not in options] or [10, 60, 100]
    pieces = 1 if "--listen" in options else ANSWER_MESSAGES
    table = Table(
        "callers",
        "blocks",
        "up p50",
        "p99",
        "max",
        "answers",
        "down p50",
        "p99",
        "max",
        "s/min each",
        "MiB",
        "turns",
        box=box.MARKDOWN,
    )
    loads: list[Load] = []
    for callers in counts:
        with tempfile.TemporaryDirectory(prefix="gr-") as folder:
            load = measure(Path(folder), callers, pieces=pieces, packed="--packed" in options)
        loads.append(load)
        row = [str(callers)]
        for values in (load.up_ms, load.down_ms):
            spread = (quantile(values, 0.5), quantile(values, 0.99), max(values))
            row += [str(len(values)), *(f"{value:.2f}" for value in spread)]
        row += [f"{sum(load.processor_s.values()):.2f}", f"{sum(load.memory_mib.values()):.0f}"]
        table.add_row(*row, ", ".join(f"{count} {what}" for what, count in load.turns.items()))
    Console(width=150).print(table)
    for load in loads:
        used = ", ".join(f"{name} {value:.2f}" for name, value in load.processor_s.items())
        memory = ", ".join(f"{name} {value:.0f}" for name, value in load.memory_mib.items())
        beside = ", ".join(f"{name} {value:.2f}" for name, value in load.beside_s.items())
        print(f"{load.callers}: s/min each: {used}; beside it: {beside}; MiB: {memory}")
    print(description())
    return 0 if all(load.holds for load in loads) else 1


if __name__ == "__main__":
    sys.exit(main())
