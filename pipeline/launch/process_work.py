"""What a process has done so far, as Linux counts it: proc(5)."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class ProcessorTime(NamedTuple):
    """Of one thread, in ns.

    Attributes:
        ran_ns: On a processor.
        queued_ns: Kept waiting for one by others.
    """

    ran_ns: int
    queued_ns: int


class WorkDone(NamedTuple):
    """What a process and its children have done so far.

    Attributes:
        processor_s: Time on a processor, and in the queue for one.
        fetched: Pages and bytes that came from a disk for it: it may take no processor time while
            it waits for them.
    """

    processor_s: float
    fetched: int


def processor_time(thread: str) -> ProcessorTime | None:
    """Return that of a thread; None: it is gone, or the system does not tell.

    Args:
        thread: Below /proc: a pid for its main thread, or `PID/task/TID`.
    """
    try:
        # At each heartbeat: without the comforts of text, which take longer than the kernel.
        fields = Path(f"/proc/{thread}/schedstat").read_bytes().split()
    except OSError:
        return None
    # Time on a processor, time in its queue, slices (kernel: Documentation/scheduler/sched-stats).
    return ProcessorTime(int(fields[0]), int(fields[1])) if len(fields) == 3 else None


def work_ns(pid: int) -> int:
    """Return for how long the main thread of a process was on a processor or in the queue for one.

    To the nanosecond: on a machine with more to do than it can, a process that answers may get less
    than one tick of 10 ms in `STALL_S`. Where the kernel does not tell, ticks are what there is.
    """
    time = processor_time(f"{pid}")
    return cpu_ticks(pid) if time is None else time.ran_ns + time.queued_ns


def cpu_ticks(pid: int) -> int:
    """Return the processor time that a process has taken so far: utime and stime.

    An import that waits for a slow disk takes some too, for each block that has come.
    """
    return sum(map(int, _stat(pid)[11:13]))


def work_of(pid: int) -> WorkDone | None:
    """Return what a process has done so far; None: it is gone, or the system does not tell.

    Its children count: an actor may start a program and wait for it.
    """
    try:
        stat = _stat(pid)
    except OSError:
        return None
    times = (processor_time(f"{pid}/task/{thread}") for thread in _threads(pid))
    queued_s = sum(time.queued_ns for time in times if time is not None) / 1e9
    below = [work for child in children_of(pid) if (work := work_of(child)) is not None]
    # majflt; utime, stime, and those of children that have ended.
    return WorkDone(
        sum(map(int, stat[11:15])) * _TICK_S + queued_s + sum(work.processor_s for work in below),
        int(stat[9]) + _bytes_read(pid) + sum(work.fetched for work in below),
    )


def children_of(pid: int) -> list[int]:
    """Return the children of a process; none if it has ended."""
    found: list[int] = []
    for thread in _threads(pid):
        # It may end meanwhile.
        with suppress(OSError):
            found += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_bytes().split())
    return found


def _threads(pid: int) -> list[str]:
    with suppress(OSError):
        return [each.name for each in Path(f"/proc/{pid}/task").iterdir()]
    return []


def _stat(pid: int) -> list[str]:
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    # After the name, which may hold anything, the fields begin with the third.
    return stat.rpartition(")")[2].split()


def _bytes_read(pid: int) -> int:
    # Of another user, or a kernel that does not count it: then the pages must do.
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines():
            name, _, count = line.partition(": ")
            if name == "read_bytes":
                return int(count)
    return 0
