"""Stall detection: a process that owes an answer hangs if it does nothing for it."""

from __future__ import annotations

STALL_S = 10.0
"""On no processor, and in no queue for one, in seconds. A cold SD card gives the next block of a
file within one second; a process that was stopped, or waits for a lock that nobody lets go, does
nothing for ever."""


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
