"""Memory of a further session, by actor: `python -m benchmarks.session_memory 30 [SECONDS]`.

A room of every kind of actor with one caller, then with so many, who talk half of the time. Then
every actor is killed, gets what was retained, and goes on.
"""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.callers import BEGAN
from benchmarks.crowd import CALLERS, config, gauge, room_parts_mib
from benchmarks.live_server.crowd import crowd_server
from benchmarks.machine import description
from benchmarks.memory import FURTHER_LIMIT_MIB, KIB_PER_MIB
from pipeline.testing import running

TALK_S = 40.0
"""Longer than anything is kept of a stream, and some turns each."""
KILLED = ("vad", "live", "http", "device", "speaker", "tools", "budget")
AFTER_S = 25.0
"""Until what was replayed has been forgotten: 20 s of sound."""


class Parts(NamedTuple):
    """What each process holds in MiB, and `files` what they map."""

    talked: dict[str, float]
    killed: dict[str, float]


def measure_parts(folder: Path, callers: int, talk_s: float = TALK_S) -> Parts:
    """Let so many talk; look; kill the actors; look again."""
    with crowd_server(folder), running(config(folder, {"count": callers}, whole=True)) as pipeline:
        pipeline.until(lambda status: gauge(status, CALLERS, BEGAN) > 0, "the first call")
        time.sleep(talk_s)
        talked = room_parts_mib(pipeline)
        for name in KILLED:
            pipeline.kill(name, signal.SIGKILL)
        time.sleep(AFTER_S)
        killed = room_parts_mib(pipeline)
        turns = pipeline.status().turns_closed
    print(f"{callers} callers: turns {turns}", flush=True)
    return Parts(talked, killed)


def further_kib(one: dict[str, float], many: dict[str, float], callers: int) -> dict[str, float]:
    """Memory of a further session by process, in KiB, and of `all`."""
    further = {name: (mib - one[name]) * KIB_PER_MIB / (callers - 1) for name, mib in many.items()}
    return {**further, "all": sum(further.values())}


def main() -> int:
    """Print a table; return 1 if the limit does not hold."""
    callers = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    talk_s = float(sys.argv[2]) if len(sys.argv) > 2 else TALK_S
    with tempfile.TemporaryDirectory(prefix="gr-") as folder:
        one = measure_parts(Path(folder) / "one", 1, talk_s)
        many = measure_parts(Path(folder) / "many", callers, talk_s)
    talked = further_kib(one.talked, many.talked, callers)
    killed = further_kib(one.killed, many.killed, callers)
    columns = ("process", "1, MiB", f"{callers}, MiB", "a further session, KiB", "after kills, KiB")
    table = Table(*columns, box=box.MARKDOWN)
    for name, kib in talked.items():
        if name == "all":
            values = sum(one.talked.values()), sum(many.talked.values())
        else:
            values = one.talked[name], many.talked[name]
        row = (f"{values[0]:.1f}", f"{values[1]:.1f}", f"{kib:.0f}", f"{killed[name]:.0f}")
        table.add_row(name, *row)
    Console(width=100).print(table)
    print(description())
    worst = max(talked["all"], killed["all"])
    return 0 if worst <= FURTHER_LIMIT_MIB * KIB_PER_MIB else 1


if __name__ == "__main__":
    sys.exit(main())
