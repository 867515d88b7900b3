"""Progress of a process that is not ready yet: whether it works, or only waits."""

from __future__ import annotations

from pipeline.launch.process_work import WorkDone, work_of

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


def is_progress(before: WorkDone, now: WorkDone, within_s: float) -> bool:
    """Return whether something was done between two looks, `within_s` apart."""
    if now.fetched > before.fetched:
        return True
    return now.processor_s - before.processor_s >= BUSY_SHARE * within_s


def is_overdue(idle_s: float, busy_s: float, deadline_s: float) -> bool:
    """Return whether a start has taken too long.

    Args:
        idle_s: Time since there was progress last.
        busy_s: Time since it began.
        deadline_s: Of a start without progress.
    """
    return idle_s >= deadline_s or busy_s >= BUSY_FACTOR * deadline_s


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
