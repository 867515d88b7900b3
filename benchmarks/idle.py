"""What the robot costs while nobody speaks, by process: `python -m benchmarks.idle [SECONDS]`."""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from benchmarks.figures import table_of
from benchmarks.machine import Others, description
from benchmarks.processes import actor_of
from benchmarks.server import simulator
from benchmarks.setting import robot
from benchmarks.sound import RATE_HZ, write_wav
from pipeline.testing import running

SETTLE_S = 14.0
"""After the start: connections are made, and nobody has spoken for more than ten seconds."""
ROOM_S = 60
"""Of the recording, which is played again and again."""
ROOM_DBFS = -60
"""What a microphone hears in a room in which nobody speaks: its hiss, a fan."""


@dataclass(frozen=True)
class Use:
    """What a process has used so far.

    Attributes:
        cpu_s: Processor time.
        wakes: How often its main thread has waited and was woken.
        other_wakes: The same of all its other threads.
    """

    cpu_s: float
    wakes: int
    other_wakes: int

    @classmethod
    def of(cls, pid: int) -> Use:
        """Look at a process now; the scheduler counts to the ns, where utime counts in ticks."""
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        wakes = {int(task.name): _wakes(task / "status") for task in tasks}
        ran_ns = sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)
        return cls(ran_ns / 1e9, wakes[pid], sum(wakes.values()) - wakes[pid])

    def since(self, before: Use, elapsed_s: float) -> tuple[float, float, float]:
        """Return s a minute, wake-ups a second of the main thread and of the others."""
        return (
            60 * (self.cpu_s - before.cpu_s) / elapsed_s,
            (self.wakes - before.wakes) / elapsed_s,
            (self.other_wakes - before.other_wakes) / elapsed_s,
        )


def _wakes(status: Path) -> int:
    lines = status.read_text().splitlines()
    (line,) = (each for each in lines if each.startswith("voluntary_ctxt_switches"))
    return int(line.split()[1])


def quiet_room(path: Path) -> Path:
    """Write a minute of a room in which nobody speaks."""
    noise = np.random.default_rng(1).standard_normal(ROOM_S * RATE_HZ)
    return write_wav(path, (noise * 32_768 * 10 ** (ROOM_DBFS / 20)).round().astype(np.int16))


def measure(folder: Path, seconds: float) -> dict[str, tuple[float, float, float]]:
    """Run the whole robot in a quiet room; return what each process uses, by its name."""
    room = quiet_room(folder / "room.wav")
    config = robot(folder, [str(room)], microphone={"options": {"loop": True}})
    with simulator(folder, "Yes."), running(config) as pipeline:
        ready_s = pipeline.until(lambda status: status.ready, "readiness").uptime_s
        pipeline.until(lambda status: status.uptime_s > ready_s + SETTLE_S, "calm")
        processes = pipeline.processes()
        before, began_s = {each.pid: Use.of(each.pid) for each in processes}, time.monotonic()
        time.sleep(seconds)
        after, elapsed_s = {pid: Use.of(pid) for pid in before}, time.monotonic() - began_s
        names = {each.pid: actor_of(each) for each in processes}
    return {name: after[pid].since(before[pid], elapsed_s) for pid, name in names.items()}


def main() -> None:
    """Print the table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    others = Others()
    with tempfile.TemporaryDirectory(prefix="gr-") as folder:
        used = measure(Path(folder), seconds)
    table = table_of("process", "s a minute", "wake-ups a second, main thread", "others")
    total = tuple(sum(each) for each in zip(*used.values(), strict=True))
    rows = [*sorted(used.items(), key=lambda row: -row[1][0]), ("all", total)]
    for name, (cpu_s, wakes, other_wakes) in rows:
        table.add_row(name, f"{cpu_s:.2f}", f"{wakes:.1f}", f"{other_wakes:.1f}")
    Console(width=100).print(table)
    print(f"{description()}; {others.told()}")


if __name__ == "__main__":
    main()
