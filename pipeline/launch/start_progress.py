"""Progress of a process that is not ready yet: whether it works, or only waits."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

BUSY_SHARE = 0.2
"""Of the time, on a processor or in the queue for one: that is work. An actor that waits takes a
hundredth for its heartbeats, on an emulated processor a tenth; one that imports nearly all."""
BUSY_FACTOR = 10.0
"""Of the deadline without progress: so long may something take that is busy all the time. An
endless loop looks the same as work from outside, and nobody waits for it for ever."""
LOOK_S = 1.0
"""How often a process is looked at: an SD card gives the next block of a file within one second."""
LOOKS_IN_DEADLINE = 4
"""But so often within a shorter deadline."""
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class WorkDone(NamedTuple):
    """What a process and its children have done so far.

    Attributes:
        processor_s: Time on a processor, and in the queue for one.
        fetched: Pages and bytes that came from a disk for it: it may take no processor time while
            it waits for them.
    """

    processor_s: float
    fetched: int


def is_progress(before: WorkDone, now: WorkDone, within_s: float) -> bool:
    """Return whether something was done between two looks, `within_s` apart."""
    if now.fetched > before.fetched:
        return True
    return now.processor_s - before.processor_s >= BUSY_SHARE * within_s


class StartWatch:
    """Looks at the process of an actor from time to time, until it is ready.

    Args:
        deadline_s: Of its start without progress.
    """

    def __init__(self, deadline_s: float) -> None:
        self._every_s = min(LOOK_S, deadline_s / LOOKS_IN_DEADLINE)
        self._looked_s = 0.0
        self._work: WorkDone | None = None

    def begin(self) -> None:
        """There is another process."""
        self._work = None

    def sees_progress(self, pid: int, now_s: float) -> bool:
        """Return whether the process has worked since the look before, if one is due."""
        within_s = now_s - self._looked_s
        if self._work is not None and within_s < self._every_s:
            return False
        before, work = self._work, work_of(pid)
        self._work, self._looked_s = work, now_s
        return before is not None and work is not None and is_progress(before, work, within_s)


def work_of(pid: int) -> WorkDone | None:
    """Return what a process has done so far; None: it is gone, or the system does not tell.

    Linux only: proc(5). Its children count: an actor may start a program and wait for it.
    """
    try:
        # After the name, which may hold anything, the fields begin with the third.
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        fields = stat.rpartition(")")[2].split()
        # majflt; utime, stime, and those of children that have ended.
        fetched = int(fields[9])
        processor_s = sum(int(each) for each in fields[11:15]) * _TICK_S
        processor_s += _queued_s(pid)
        fetched += _bytes_read(pid)
        for child in _children(pid):
            below = work_of(child)
            if below is not None:
                processor_s += below.processor_s
                fetched += below.fetched
    except (OSError, IndexError, ValueError):
        return None
    return WorkDone(processor_s, fetched)


def _queued_s(pid: int) -> float:
    with suppress(OSError, ValueError):
        # Of each thread: time on a processor, time in its queue, slices (sched-stats).
        return sum(
            int(each.read_text(encoding="ascii").split()[1]) / 1e9
            for each in Path(f"/proc/{pid}/task").glob("*/schedstat")
        )
    return 0.0


def _bytes_read(pid: int) -> int:
    # Of another user, or a kernel that does not count it: then the pages must do.
    with suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines():
            name, _, count = line.partition(": ")
            if name == "read_bytes":
                return int(count)
    return 0


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(each) for each in task.read_text(encoding="ascii").split()]
    return found
