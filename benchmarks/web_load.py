"""Many callers on WebSockets, with everything between them and the server, beside the peers.

`python -m benchmarks.web_load` measures every row of the table in `benchmarks/README.md`, the
peers' too, which it installs where they are not: ten minutes and more. `python -m
benchmarks.web_load 10 60 --beside greenroom pipecat` lets so many talk to these, with answers of a
second played; `--listen` has answers of a fifth of a second, `--packed` sends sound in JSON and
base64 (Greenroom only).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.machine import Others, description
from benchmarks.peers.observation import CollapsedError
from benchmarks.peers.subjects import versions
from benchmarks.web_run import WebLoad, WebWork, measure
from benchmarks.web_subjects import SUBJECTS
from pipeline.quantile import quantile

P99_LIMIT_MS = 20.0
"""For the way up: the design's limit."""
ROWS = (*(WebWork(callers) for callers in (10, 60, 100)), WebWork(100, plays=False))
HEADS = (
    "callers",
    "",
    "blocks",
    "up p50 / p99 / max ms",
    "down p50 / p99 / max ms",
    "phrases said; answers heard",
    "s a caller-minute",
    "MiB",
)


def row(subject: str, work: WebWork, load: WebLoad) -> list[str]:
    """Return the cells of a row of the table."""
    memory_mib = sum(load.memory_mib.values())
    refused = work.callers - load.served
    callers = f"{work.callers} ({refused} not served)" if refused else f"{work.callers}"
    return [
        f"{callers}, {'answers played' if work.plays else 'listening'}",
        subject,
        str(len(load.up_ms)),
        _spread(load.up_ms),
        _spread(load.down_ms),
        f"{load.phrases}; {len(load.down_ms)}",
        f"{sum(load.processor_s.values()):.2f}",
        f"{memory_mib:.0f}",
    ]


def further(less: tuple[WebWork, WebLoad], more: tuple[WebWork, WebLoad]) -> str:
    """Return what a further caller costs, from so many to so many."""
    callers = more[0].callers - less[0].callers
    mib = sum(more[1].memory_mib.values()) - sum(less[1].memory_mib.values())
    seconds = [sum(load.processor_s.values()) * work.callers for work, load in (less, more)]
    return (
        f"a further caller, from {less[0].callers} to {more[0].callers}: {mib / callers:.2f} MiB, "
        f"{(seconds[1] - seconds[0]) / callers:.2f} s a minute"
    )


def notes(subject: str, work: WebWork, load: WebLoad) -> str:
    """Return where it went, in a line."""
    parts = {"s": load.processor_s, "MiB": load.memory_mib, "beside it, s": load.beside_s}
    told = "; ".join(f"{unit}: {_by_process(values)}" for unit, values in parts.items())
    return f"- {subject}, {work.callers}, {'played' if work.plays else 'listening'}: {told}"


def _by_process(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.2f}" for name, value in values.items())


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "none"
    return f"{quantile(values, 0.5):.1f} / {quantile(values, 0.99):.1f} / {max(values):.0f}"


def main(arguments: Sequence[str]) -> int:
    """Print a table; 1 if Greenroom does not hold its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web_load", description=__doc__)
    parser.add_argument("callers", nargs="*", type=int, help="how many; without any: all rows")
    parser.add_argument("--listen", action="store_true", help="answers of a fifth of a second")
    parser.add_argument("--packed", action="store_true", help="sound in JSON and base64")
    parser.add_argument(
        "--beside",
        nargs="+",
        choices=SUBJECTS,
        default=list(SUBJECTS),
        help="what serves them; without it all, the peers too, which takes ten minutes",
    )
    given = parser.parse_args(arguments)
    works = [
        WebWork(callers, plays=not given.listen, packed=given.packed) for callers in given.callers
    ] or ROWS
    names = ["greenroom"] if given.packed else given.beside
    others, table, told, holds = Others(), Table(*HEADS, box=box.MARKDOWN), [], True
    seen: dict[str, list[tuple[WebWork, WebLoad]]] = {name: [] for name in names}
    for work in works:
        for name in names:
            subject = SUBJECTS[name]
            print(f"{work.callers} callers, {subject.name} ...", flush=True)
            with tempfile.TemporaryDirectory(prefix="gr-") as folder:
                try:
                    load = measure(subject, work, Path(folder))
                except CollapsedError as error:
                    told.append(f"- {subject.name}, {work.callers}: {error}")
                    continue
            seen[name].append((work, load))
            table.add_row(*row(subject.name, work, load))
            told.append(notes(subject.name, work, load))
            if name == "greenroom":
                holds &= bool(load.up_ms) and quantile(load.up_ms, 0.99) <= P99_LIMIT_MS
    for name, loads in seen.items():
        played = [each for each in loads if each[0].plays]
        if len(played) > 1:
            told.append(f"- {SUBJECTS[name].name}: {further(played[0], played[-1])}")
    Console(width=170).print(table)
    print(*told, sep="\n")
    print(f"{time.strftime('%Y-%m-%d')}; {description()}; {versions()}; {others.told()}.")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
