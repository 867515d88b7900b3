"""How far the monotonic clocks of two hosts are apart. Pure; times in ns."""

from __future__ import annotations

from collections import deque

WINDOW_NS = 30_000_000_000
"""Longer than TCP takes to deliver what a bad line held up (its eighth repetition comes after some
25 s, RFC 6298), so that old frames are known to be old. Clocks drift by 0.1 ms a second at most
(quartz: 100 ppm), which is 3 ms in this time."""
STEP_NS = 1_000_000_000
"""How exactly the window is kept: one number for each second of it."""


class ClockOffset:
    """Follows the offset between the sender's clock and ours: the fastest frame shows it.

    The least of the last `WINDOW_NS` counts, not the least of all: a clock drifts, and it stands
    still while its host is suspended.
    """

    def __init__(self) -> None:
        # Rising from left to right, each the least of its step and of all to the right of it.
        self._least: deque[tuple[int, int]] = deque()

    def see(self, sent_ns: int, now_ns: int) -> int:
        """Take note of a frame; return what our clock is ahead of the sender's, with the line.

        Args:
            sent_ns: When it was sent, on the sender's clock.
            now_ns: When it came, on ours.
        """
        step, offset_ns = now_ns // STEP_NS, now_ns - sent_ns
        least = self._least
        while least and least[-1][1] >= offset_ns:
            least.pop()
        if not least or least[-1][0] != step:
            least.append((step, offset_ns))
        while least[0][0] <= step - WINDOW_NS // STEP_NS:
            least.popleft()
        return least[0][1]
