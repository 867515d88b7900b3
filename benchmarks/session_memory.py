"""Memory of a further session, by actor: `python -m benchmarks.session_memory 30 [SECONDS]`.

A room of every kind of actor with one caller, then with so many, who talk half of the time.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.callers import BEGAN
from benchmarks.crowd import CALLERS, config, gauge, room_parts_mib
from benchmarks.lean_server import lean_server
from benchmarks.machine import description
from pipeline.testing import running

MEMORY_LIMIT_MIB = 2.0
"""For each further session, all actors together: the design's limit."""
TALK_S = 45.0
"""Longer than anything is kept of a stream, and some turns each."""


def measure_parts(folder: Path, callers: int, talk_s: float = TALK_S) -> dict[str, float]:
    """Let so many talk; return what each process holds then, in MiB."""
    with lean_server(folder), running(config(folder, {"count": callers}, whole=True)) as pipeline:
        pipeline.until(lambda status: gauge(status, CALLERS, BEGAN) > 0, "the first call")
        time.sleep(talk_s)
        parts = room_parts_mib(pipeline)
        turns = pipeline.status().turns_closed
    print(f"{callers} callers: {sum(parts.values()):.0f} MiB, turns {turns}", flush=True)
    return parts


def main() -> int:
    """Print a table; return 1 if the limit does not hold."""
    callers = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    talk_s = float(sys.argv[2]) if len(sys.argv) > 2 else TALK_S
    with tempfile.TemporaryDirectory(prefix="gr-") as folder:
        one = measure_parts(Path(folder) / "one", 1, talk_s)
        many = measure_parts(Path(folder) / "many", callers, talk_s)
    table = Table(
        "process", "1, MiB", f"{callers}, MiB", "a further session, KiB", box=box.MARKDOWN
    )
    for name, mib in many.items():
        further_kib = (mib - one[name]) / (callers - 1) * 1024
        table.add_row(name, f"{one[name]:.1f}", f"{mib:.1f}", f"{further_kib:.0f}")
    further_mib = (sum(many.values()) - sum(one.values())) / (callers - 1)
    table.add_row(
        "all", f"{sum(one.values()):.1f}", f"{sum(many.values()):.1f}", f"{1024 * further_mib:.0f}"
    )
    Console(width=100).print(table)
    print(description())
    return 0 if further_mib <= MEMORY_LIMIT_MIB else 1


if __name__ == "__main__":
    sys.exit(main())
