"""How late a clock was of late. Pure; times in monotonic ns."""

from __future__ import annotations

from collections import deque

KEPT_NS = 10_000_000_000
"""What holds a process up for a moment (a session that opens, another program) comes again within
some seconds as a rule."""


class Lateness:
    """The greatest of the last seconds."""

    def __init__(self) -> None:
        self._worst: deque[tuple[int, int]] = deque()
        """When, and by how much; without what was exceeded later."""

    def note(self, late_ns: int, now_ns: int) -> None:
        """Take it that the clock was so late."""
        worst = self._worst
        while worst and worst[-1][1] <= late_ns:
            worst.pop()
        worst.append((now_ns, late_ns))

    def worst_ns(self, now_ns: int) -> int:
        """Return by how much it was late at the most."""
        while self._worst and self._worst[0][0] < now_ns - KEPT_NS:
            self._worst.popleft()
        return self._worst[0][1] if self._worst else 0
