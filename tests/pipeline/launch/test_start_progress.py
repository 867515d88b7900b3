"""Whether a process works on its start or only waits."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import psutil
import pytest

from pipeline.launch.process_work import WorkDone, work_ns, work_of
from pipeline.launch.start_progress import StartWatch, is_progress

BUSY = "while True: pass"
WAITS = "import time; print(flush=True); time.sleep(3600)"
IN_A_CHILD = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {BUSY!r}])
"""


@pytest.mark.parametrize(
    ("processor_s", "fetched", "progress"),
    [(0.0, 0, False), (0.05, 0, False), (0.19, 0, False), (0.2, 0, True), (0.0, 1, True)],
    ids=["nothing", "heartbeats", "heartbeats, emulated", "computes", "waits for a disk"],
)
def test_work_is_processor_time_or_what_a_disk_gave(
    processor_s: float, fetched: int, progress: bool
) -> None:
    before = WorkDone(processor_s=7.0, fetched=40)
    now = WorkDone(7.0 + processor_s + 1e-9, 40 + fetched)
    assert is_progress(before, now, within_s=1.0) is progress


def seen(program: str, until: Callable[[bool], bool]) -> bool:
    """Look at a program four times a second until it is as expected; return what was seen."""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.DEVNULL) as process:
        try:
            watch = StartWatch(1.0)
            deadline_s = time.monotonic() + 60
            while time.monotonic() < deadline_s:
                seen = watch.sees_progress(process.pid, time.monotonic())
                if until(seen):
                    return True
                time.sleep(0.25)
            return False
        finally:
            for each in (*psutil.Process(process.pid).children(), process):
                each.kill()


@pytest.mark.parametrize("program", [BUSY, IN_A_CHILD], ids=["itself", "its child"])
def test_one_that_computes_or_whose_child_does_is_seen_to_work(program: str) -> None:
    assert seen(program, until=lambda progress: progress)


def test_one_that_waits_is_not() -> None:
    looks: list[bool] = []

    def four_without(progress: bool) -> bool:
        looks.append(progress)
        return len(looks) >= 8 and not any(looks[-4:])

    assert seen(WAITS, until=four_without)


def test_one_that_is_gone_does_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert work_of(process.pid) is None
    assert not StartWatch(1.0).sees_progress(process.pid, 100.0)


def test_who_gets_less_than_a_tick_is_seen_to_work_and_who_is_stopped_is_not() -> None:
    program = "import time\nwhile True: time.sleep(0.02)"
    with subprocess.Popen([sys.executable, "-c", program]) as process:
        try:
            for _ in range(3):
                before = work_ns(process.pid)
                deadline_s = time.monotonic() + 60
                while work_ns(process.pid) == before and time.monotonic() < deadline_s:
                    time.sleep(0.01)
                assert before < work_ns(process.pid)
            stopped = psutil.Process(process.pid)
            stopped.suspend()
            while stopped.status() != psutil.STATUS_STOPPED:
                time.sleep(0.01)
            before = work_ns(process.pid)
            time.sleep(0.2)
            assert work_ns(process.pid) == before
        finally:
            process.kill()
