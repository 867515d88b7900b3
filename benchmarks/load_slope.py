"""What a further caller costs, and a further room: `python -m benchmarks.load_slope 10 25 50 100`.

Callers are those of `greenroom load`, as visitors of a website, who speak for a third of the time;
answers are a fifth of a second long, so that mostly the callers are heard. `--rooms 1 2 3` shares
the callers out over so many rooms on the same machine.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from rich import box
from rich.console import Console
from rich.table import Table

from actors.cli.load.crowd import Crowd, crowd_calling
from actors.cli.load.crowd_plan import Arrivals, CrowdPlan
from actors.cli.load.held_line import LoadJournal
from actors.cli.load.load_outcome import LoadOutcome, TurnFate, outcome_of
from actors.cli.load.load_share import LoadShare
from actors.cli.load.load_target import load_target
from actors.cli.load.recordings import recordings
from benchmarks.crowd import room_parts_mib, used_s
from benchmarks.live_server.crowd import crowd_server
from benchmarks.machine import Others, description
from benchmarks.web_room import url_of, web_config
from benchmarks.web_run import LISTENED_MESSAGES, SETTLE_S
from pipeline.quantile import quantile
from pipeline.testing import RunningPipeline, running

CALLERS = (10, 25, 50, 100)
WINDOW_S = 26.0
"""As in `web_load`."""
PAUSE_S = (1.0, 5.0)
"""The recordings are 2.9 s long on average, their answers and the wait for them 1 s: with this each
speaks for a good third of the time."""


@dataclass(frozen=True)
class Slope:
    """What so many callers took.

    Attributes:
        callers: How many.
        rooms: On which they are shared out.
        used_s: Processor time of all rooms, a caller-minute.
        memory_mib: Of all rooms, each process's own pages, and each file once a room.
        outcome: Of all callers.
    """

    callers: int
    rooms: int
    used_s: float
    memory_mib: float
    outcome: LoadOutcome


def measure(callers: int, rooms: int = 1) -> Slope:
    """Let so many call."""
    with ExitStack() as stack:
        pipelines: list[RunningPipeline] = []
        for _ in range(rooms):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gr-")))
            stack.enter_context(crowd_server(folder, LISTENED_MESSAGES))
            pipelines.append(stack.enter_context(running(web_config(folder))))
        crowds: list[Crowd] = []
        for number, pipeline in enumerate(pipelines):
            share = callers // rooms + (number < callers % rooms)
            crowds.append(stack.enter_context(crowd_calling(_share(pipeline, share, number))))
        time.sleep(SETTLE_S)
        before_s, began_ns = _used_s(pipelines), time.monotonic_ns()
        time.sleep(WINDOW_S)
        minutes = (time.monotonic_ns() - began_ns) / 60e9
        used = (_used_s(pipelines) - before_s) / minutes / callers
        memory = sum(sum(room_parts_mib(each).values()) for each in pipelines)
        journals = [each.end() for each in crowds]
    everybody = [caller for each in journals for caller in each.callers]
    journal = LoadJournal(
        everybody,
        journals[0].began_ns,
        journals[0].ended_ns,
        sum(each.processor_s for each in journals),
    )
    return Slope(callers, rooms, used, memory, outcome_of(journal, recordings()))


def _share(pipeline: RunningPipeline, callers: int, seed: int) -> LoadShare:
    plan = CrowdPlan(
        callers=callers,
        arrivals=Arrivals.RAMP,
        over_s=SETTLE_S / 2,
        length_s=(600.0, 600.0),
        pause_s=PAUSE_S,
        patience_s=10.0,
        seed=seed,
    )
    return LoadShare(plan, load_target(url_of(pipeline), ()).urls)


def _used_s(pipelines: Sequence[RunningPipeline]) -> float:
    return sum(sum(used_s(each).values()) for each in pipelines)


def line_through(slopes: Sequence[Slope]) -> tuple[float, float]:
    """Return what nobody costs and each caller more: processor seconds in a minute."""
    callers = [each.callers for each in slopes]
    more, least = np.polyfit(callers, [each.used_s * each.callers for each in slopes], 1)
    return float(least), float(more)


def memory_line(slopes: Sequence[Slope]) -> tuple[float, float]:
    """Return the same of memory, in MiB."""
    callers = [each.callers for each in slopes]
    more, least = np.polyfit(callers, [each.memory_mib for each in slopes], 1)
    return float(least), float(more)


def _row(slope: Slope) -> list[str]:
    outcome = slope.outcome
    latency = outcome.latency_ms or [0.0]
    return [
        str(slope.callers),
        str(slope.rooms),
        f"{slope.used_s:.2f}",
        f"{slope.used_s * slope.callers / 60:.2f}",
        f"{slope.memory_mib:.0f}",
        f"{quantile(latency, 0.5):.0f} / {quantile(latency, 0.99):.0f}",
        f"{outcome.asked[TurnFate.ANSWERED]}; {outcome.asked[TurnFate.LOST]}",
        str(len(outcome.gap_ms)),
        f"{outcome.processor_s / max(outcome.talk_minutes, 1e-9):.2f}",
        f"{quantile(outcome.late_ms or [0.0], 0.99):.0f}",
    ]


def main(arguments: Sequence[str]) -> int:
    """Print a table; 1 if something that was said had no answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("callers", nargs="*", type=int, default=[*CALLERS])
    parser.add_argument("--rooms", nargs="+", type=int, default=[1])
    given = parser.parse_args(arguments)
    others, slopes = Others(), []
    for callers in given.callers:
        for rooms in given.rooms:
            print(f"{callers} callers, {rooms} rooms ...", flush=True)
            slopes.append(measure(callers, rooms))
    table = Table(
        *("callers", "rooms", "s a caller-minute", "processors busy", "MiB"),
        *("last word to sound, p50 / p99 ms", "answered; lost", "gaps"),
        *("callers' own, s a caller-minute", "callers late, p99 ms"),
        box=box.MARKDOWN,
    )
    for each in slopes:
        table.add_row(*_row(each))
    Console(width=170).print(table)
    if len(given.callers) > 1 and given.rooms == [1]:
        busy, memory = line_through(slopes), memory_line(slopes)
        print(f"a room: {busy[0]:.1f} s a minute, and {busy[1]:.2f} for each caller")
        print(f"a room: {memory[0]:.0f} MiB, and {memory[1]:.2f} for each caller")
    print(
        f"{time.strftime('%Y-%m-%d')}; {psutil.cpu_count()} processors; {description()}; "
        f"{others.told()}"
    )
    return 1 if any(each.outcome.asked[TurnFate.LOST] for each in slopes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
