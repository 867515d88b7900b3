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
        self._ticks = -1

    def ask(self, now_s: float, cpu_ticks: int) -> None:
        """An answer is owed from now on, by a process that has taken so much processor time."""
        self.is_owed, self._progress_s, self._ticks = True, now_s, cpu_ticks

    def answered(self) -> None:
        """The answer has come."""
        self.is_owed = False

    def hangs(self, now_s: float, cpu_ticks: int) -> bool:
        """Whether an answer is owed, and nothing was done for it for too long.

        Args:
            now_s: Monotonic seconds.
            cpu_ticks: Processor time that the process has taken so far.
        """
        if not self.is_owed:
            return False
        if cpu_ticks != self._ticks:
            self._ticks, self._progress_s = cpu_ticks, now_s
        return now_s - self._progress_s > STALL_S


def cpu_ticks(pid: int) -> int:
    """Return the processor time that a process has taken so far: proc(5), utime and stime.

    An import that waits for a slow disk takes some too, for each block that has come.
    """
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    # After the name, which may hold anything, the fields begin with the third.
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
