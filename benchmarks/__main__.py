"""Run the benchmarks and print a table: `python -m benchmarks [NAME ...]`, or all with `peers`."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from benchmarks.figures import Figure, table_of
from benchmarks.machine import Others, description
from benchmarks.peers import command as peers

NAMES = (
    "startup",
    "uplink",
    "downlink",
    "barge_in",
    "restart",
    "replay",
    "failover",
    "stall",
    "footprint",
    "sessions",
    "hour",
)
PEERS = "peers"
"""These limits are ours; that is we beside others."""


def main() -> int:
    """Run those named, or all; return 1 if a limit does not hold, 2 for a wrong name."""
    names = sys.argv[1:] or NAMES
    # Nobody starts a program twice that is compiled anew each time.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if names[0] == PEERS:
        return peers.main(names[1:])
    if unknown := set(names) - set(NAMES):
        print(f"no benchmark {', '.join(sorted(unknown))}: there are {', '.join(NAMES)}, {PEERS}")
        return 2
    figures: list[Figure] = []
    for name in names:
        print(f"{name} ...", flush=True)
        began_s = time.monotonic()
        others = Others()
        with tempfile.TemporaryDirectory(prefix="gr-") as folder:
            figures += importlib.import_module(f"benchmarks.{name}").measure(Path(folder))
        took_s = time.monotonic() - began_s
        print(f"    {took_s:.0f} s; {others.told()}")
    _print(figures)
    print(description())
    failed = 0 if all(figure.holds for figure in figures) else 1
    return failed if sys.argv[1:] else peers.main([]) or failed


def _print(figures: list[Figure]) -> None:
    table = table_of("what", "unit", "n", "min", "p50", "p99", "max", "limit", "holds")
    for figure in figures:
        spread = (min(figure.values), figure.p50, figure.p99, max(figure.values))
        limits = (("p50", figure.p50_limit), ("p99", figure.p99_limit))
        table.add_row(
            figure.name,
            figure.unit,
            str(len(figure.values)),
            *(f"{value:.2f}" for value in spread),
            ", ".join(f"{name} {limit:g}" for name, limit in limits if limit is not None),
            ("yes" if figure.holds else "NO") if figure.has_limit else "",
        )
    Console(width=120).print(table)
    for figure in figures:
        if figure.note:
            print(f"{figure.name}: {figure.note}")


if __name__ == "__main__":
    sys.exit(main())
