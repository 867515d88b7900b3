"""Stall detection: a process that owes an answer hangs if it takes no processor time."""

from __future__ import annotations

from pathlib import Path

STALL_S = 10.0
"""Without any processor time, in seconds. A cold SD card gives the next block of a file within one
second; a process that was stopped, or waits for a lock that nobody lets go, takes none for ever."""


class StallWatch:
    """Knows what is owed, and when there was progress last. No clock: it is told the time."""

    def __init__(self) -> None:
        self.is_owed = False
        """Whether an answer is owed."""
        self._progress_s = 0.0
        self._work = -1

    def ask(self, now_s: float, work: int) -> None:
        """An answer is owed from now on, by a process that has done so much."""
        self.is_owed, self._progress_s, self._work = True, now_s, work

    def answered(self) -> None:
        """The answer has come."""
        self.is_owed = False

    def hangs(self, now_s: float, work: int) -> bool:
        """Whether an answer is owed, and nothing was done for it for too long.

        Args:
            now_s: Monotonic seconds.
            work: What the process has done so far, by `work_ns`.
        """
        if not self.is_owed:
            return False
        if work != self._work:
            self._work, self._progress_s = work, now_s
        return now_s - self._progress_s > STALL_S


def work_ns(pid: int) -> int:
    """Return for how long the main thread of a process was on a processor or in the queue for one.

    To the nanosecond: on a machine with more to do than it can, a process that answers may get less
    than one tick of 10 ms in `STALL_S`. Where the kernel does not tell, ticks are what there is.
    """
    try:
        fields = Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()
    except OSError:
        return cpu_ticks(pid)
    return int(fields[0]) + int(fields[1]) if len(fields) == 3 else cpu_ticks(pid)


def cpu_ticks(pid: int) -> int:
    """Return the processor time that a process has taken so far: proc(5), utime and stime.

    An import that waits for a slow disk takes some too, for each block that has come.
    """
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    # After the name, which may hold anything, the fields begin with the third.
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
