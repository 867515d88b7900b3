"""Gaps in sound while two other programs want all that two processors have:

`python -m benchmarks.sound_under_load [SECONDS]`. PortAudio, ALSA and a sound server of its own, as
in `echo`; a person and the simulator speak. Needs the right to real-time priority.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from benchmarks.crowd import counter
from benchmarks.echo import PERSON
from benchmarks.echo import write_config as talking_robot
from benchmarks.figures import table_of
from benchmarks.machine import Others, description
from benchmarks.sound import ROOT
from pipeline.priority import Priority
from pipeline.testing import running

# The sound server belongs to the tests of devices, which are no package.
sys.path.append(str(ROOT / "tests" / "devices"))

from sound_server import sound_server

BUSY = 2
"""Programs that count: one for each processor of a small machine."""
SERVER_PRIORITY = 20
"""Above that of our devices; PipeWire gives itself 88."""
COUNTING = "while True: pass"
PRIORITIES = (Priority.NORMAL, Priority.HIGH, Priority.REALTIME)
SOUND_DEVICES = ("microphone", "speaker")


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Have so many programs count."""
    programs = [subprocess.Popen([sys.executable, "-c", COUNTING]) for _ in range(count)]
    try:
        yield
    finally:
        for each in programs:
            each.kill()
            each.wait()


def put_first(folder: Path) -> None:
    """Let the sound server run before all, as systems have it: what is measured is ours."""
    pid = int((folder / "pulse" / "pid").read_text())
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setscheduler(int(task.name), os.SCHED_RR, os.sched_param(SERVER_PRIORITY))


def measure(priority: Priority, programs: int, seconds: float) -> tuple[int, int, float]:
    """Let the robot talk; return underflows, overflows of the microphone, and minutes."""
    with tempfile.TemporaryDirectory(prefix="gr-") as path, sound_server() as sound:
        folder = Path(path)
        put_first(Path(sound.environment["XDG_RUNTIME_DIR"]))
        config = talking_robot(folder, dict.fromkeys(SOUND_DEVICES, priority.value))
        with running(config, env=sound.env, cwd=folder) as pipeline:
            pipeline.until(lambda status: status.ready, "readiness")
            before = pipeline.status()
            with busy(programs):
                began_s = time.monotonic()
                while time.monotonic() - began_s < seconds:
                    sound.say(PERSON)
                after = pipeline.status()
                minutes = (time.monotonic() - began_s) / 60
    found = [
        counter(after, actor, name) - counter(before, actor, name)
        for actor, name in (("speaker", "device_underflows"), ("microphone", "overflows"))
    ]
    return found[0], found[1], minutes


def main() -> None:
    """Print the table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 40.0
    others = Others()
    columns = ("busy programs", "underflows a minute", "overflows a minute")
    table = table_of("priority", *columns)
    for programs, priority in ((0, Priority.NORMAL), *((BUSY, each) for each in PRIORITIES)):
        under, over, minutes = measure(priority, programs, seconds)
        rates = (f"{under / minutes:.1f}", f"{over / minutes:.1f}")
        table.add_row(priority.value, str(programs), *rates)
    Console(width=100).print(table)
    print(f"{description()}; {others.told()}")


if __name__ == "__main__":
    main()
