"""Many calls by telephone at once, with everything between them and the server.

`python -m benchmarks.phone_calls 1 40` lets so many call as Twilio does; `--as telnyx` as another
provider. What 40 add to the latency of one is what the load costs.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
from rich import box
from rich.console import Console
from rich.table import Table

from actors.cli.calling.happening import What
from benchmarks.crowd import room_parts_mib, used_s
from benchmarks.live_server.crowd import crowd_server
from benchmarks.machine import description
from benchmarks.phone_callers.address import phone_url
from benchmarks.phone_callers.process import HeldCall, phone_callers
from benchmarks.processes import processor_s
from benchmarks.tap import Tap, tapping
from benchmarks.web_room import web_config
from pipeline.frames import SessionOpened, SpeechEnded
from pipeline.quantile import quantile
from pipeline.testing import running

SETTLE_S = 8.0
"""Left out: all connect at once."""
WINDOW_S = 30.0
"""Some five turns of each caller."""
ANSWER_WAIT_NS = 3_000_000_000
"""Later sound is of another answer."""
PHONE = {"waiting_s": None}
"""Options: a tone for who waits would be taken for an answer."""
WRONG = (What.FAULT, What.DROPPED)
TURNS = (What.SAY, What.ANSWER, What.HUNG_UP)


@dataclass
class CallLoad:
    """What so many calls took.

    Attributes:
        calls: How many.
        latencies_ms: From the last word of a caller to the first sound of the answer.
        ours_ms: From the detection of a turn's end to the first sound of its answer on the line.
        gaps_ms: Times in which a line ran dry in an answer.
        unsure_ms: The same while the callers' own process had no processor: nobody knows when the
            sound came.
        wrong: What the provider would not have taken, by kind.
        unanswered: Things that were said, and to which no answer came before the caller said the
            next, or the server hung up.
        processor_s: Per call and minute, by process of the room.
        memory_mib: At the end, by process of the room.
        beside_s: Per call and minute: of the process of the callers.
        callers_late_ms: How late the callers were themselves, block by block: if they are, what is
            measured here is not the room's.
    """

    calls: int
    latencies_ms: list[float]
    ours_ms: list[float]
    gaps_ms: list[float]
    unsure_ms: list[float]
    wrong: Counter[str]
    unanswered: int
    processor_s: dict[str, float]
    memory_mib: dict[str, float]
    beside_s: float
    callers_late_ms: list[float]

    @property
    def holds(self) -> bool:
        """Whether every answer was heard, without a gap for certain."""
        wrong = self.gaps_ms or self.unsure_ms or self.wrong or self.unanswered
        return bool(self.latencies_ms) and not wrong


def measure(folder: Path, calls: int, protocol: str, priority: str) -> CallLoad:
    """Let so many call."""
    config = web_config(folder, priority=priority, phone=PHONE)
    with crowd_server(folder), running(config) as pipeline:
        url = phone_url(pipeline, protocol)
        with (
            tapping(pipeline.runtime_dir, vad=["speech"], supervisor=["sessions"]) as tap,
            phone_callers(folder, url, calls, protocol) as people,
        ):
            ends: list[SpeechEnded] = []
            sessions: dict[str, str] = {}
            _listen(tap, ends, sessions, SETTLE_S)
            before, began_ns = used_s(pipeline), time.monotonic_ns()
            callers = psutil.Process(people.pid)
            beside_s = processor_s(callers)
            _listen(tap, ends, sessions, WINDOW_S)
            after, ended_ns = used_s(pipeline), time.monotonic_ns()
            beside_s = processor_s(callers) - beside_s
            memory = room_parts_mib(pipeline)
            held = people.end()
    minutes = (ended_ns - began_ns) / 60e9
    window = range(began_ns, ended_ns)
    used = {name: (used - before.get(name, 0.0)) / minutes / calls for name, used in after.items()}
    told = [*_told(held, window)]
    return CallLoad(
        calls,
        [values["latency_ms"] for what, values in told if "latency_ms" in values],
        _ours_ms(held, ends, sessions, window),
        [*_gaps_ms(held, window, unsure=False)],
        [*_gaps_ms(held, window, unsure=True)],
        Counter(str(values.get("text", what)) for what, values in told if what in WRONG),
        _unanswered(held, window),
        used,
        memory,
        beside_s / minutes / calls,
        [late_ms for call in held for late_ms in call.late_ms],
    )


def _listen(tap: Tap, ends: list[SpeechEnded], sessions: dict[str, str], seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        for heard in tap.stream(seconds):
            match heard.frame:
                case SpeechEnded():
                    ends.append(heard.frame)
                case SessionOpened(labels=labels) if "call" in labels:
                    sessions[heard.frame.session] = labels["call"]


def _told(held: list[HeldCall], window: range) -> Iterator[tuple[What, Mapping[str, Any]]]:
    for call in held:
        for at_ns, what, values in call.happenings:
            if at_ns in window:
                yield What(what), values


def _gaps_ms(held: list[HeldCall], window: range, *, unsure: bool) -> Iterator[float]:
    for call in held:
        for at_ns, what, values in call.happenings:
            if at_ns in window and what == What.GAP:
                ms: float = values["ms"]
                if call.was_away(at_ns, ms) is unsure:
                    yield ms


def _unanswered(held: list[HeldCall], window: range) -> int:
    count = 0
    for call in held:
        turns = [each for each in call.happenings if each[1] in TURNS]
        for (at_ns, what, _), (_, then, values) in pairwise(turns):
            is_left = then != What.ANSWER and values.get("by") != "caller"
            count += at_ns in window and what == What.SAY and is_left
    return count


def _ours_ms(
    held: list[HeldCall], ends: list[SpeechEnded], sessions: dict[str, str], window: range
) -> list[float]:
    answers = {
        call.call_id: [at_ns for at_ns, what, _ in call.happenings if what == What.ANSWER]
        for call in held
    }
    values: list[float] = []
    for end in ends:
        if end.sent_ns not in window:
            continue
        after = [at for at in answers[sessions[end.session]] if at > end.sent_ns]
        if after and after[0] - end.sent_ns < ANSWER_WAIT_NS:
            values.append((after[0] - end.sent_ns) / 1e6)
    return values


def main() -> int:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("calls", nargs="*", type=int, default=[1, 40])
    parser.add_argument("--as", dest="protocol", default="twilio", help="which provider")
    parser.add_argument("--priority", default="normal", help="of the gateway")
    arguments = parser.parse_args()
    columns = (
        "calls",
        "answers",
        "last word to sound p50",
        "p99",
        "turn's end to sound p50",
        "p99",
    )
    table = Table(*columns, "gaps", "not answered", "s/min each", "MiB", box=box.MARKDOWN)
    loads: list[CallLoad] = []
    for calls in arguments.calls:
        with tempfile.TemporaryDirectory(prefix="gr-") as folder:
            load = measure(Path(folder), calls, arguments.protocol, arguments.priority)
        loads.append(load)
        spreads = [
            f"{quantile(values, q):.0f}" if values else "-"
            for values in (load.latencies_ms, load.ours_ms)
            for q in (0.5, 0.99)
        ]
        processor_s, memory_mib = sum(load.processor_s.values()), sum(load.memory_mib.values())
        table.add_row(
            *(str(calls), str(len(load.latencies_ms)), *spreads, str(len(load.gaps_ms))),
            *(str(load.unanswered), f"{processor_s:.2f}", f"{memory_mib:.0f}"),
        )
    Console(width=150).print(table)
    for load in loads:
        used = ", ".join(f"{name} {value:.2f}" for name, value in load.processor_s.items())
        memory = ", ".join(f"{name} {value:.0f}" for name, value in load.memory_mib.items())
        print(f"{load.calls}: s/min each: {used}; beside it: callers {load.beside_s:.2f}")
        print(f"{load.calls}: MiB: {memory}")
        late = [quantile(load.callers_late_ms, q) for q in (0.5, 0.99, 1.0)]
        print(f"{load.calls}: callers themselves late: p50, p99, max {late} ms")
        if load.gaps_ms:
            print(f"{load.calls}: gaps of {', '.join(f'{each:.0f}' for each in load.gaps_ms)} ms")
        if load.unsure_ms:
            unsure = ", ".join(f"{each:.0f}" for each in load.unsure_ms)
            print(f"{load.calls}: gaps while the callers themselves were held up: {unsure} ms")
        for text, count in load.wrong.items():
            print(f"{load.calls}: {count} times: {text}")
    print(description())
    return 0 if all(load.holds for load in loads) else 1


if __name__ == "__main__":
    sys.exit(main())
