"""A sound device in memory: plays in real time what it is given, and notes when it was heard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class Device:
    """Counts time instead of making sound; it plays on whatever the program around it does.

    Attributes:
        runs: For each stretch of sound without a gap, the monotonic ns of its first sample and of
            its end.
    """

    def __init__(self, depth_ms: float) -> None:
        """`depth_ms` is what it takes before its writer has to wait."""
        self.runs: list[list[int]] = []
        self.on_start: Callable[[], None] = lambda: None
        self._depth_ns = int(depth_ms * 1e6)

    @property
    def queued_ns(self) -> int:
        """What is still to be heard."""
        return max(0, self.runs[-1][1] - time.monotonic_ns()) if self.runs else 0

    def play(self, duration_s: float) -> None:
        """Append sound of this length."""
        now_ns = time.monotonic_ns()
        duration_ns = int(duration_s * 1e9)
        if self.runs and self.runs[-1][1] >= now_ns:
            self.runs[-1][1] += duration_ns
            return
        silent_ns = now_ns - self.runs[-1][1] if self.runs else now_ns
        self.runs.append([now_ns, now_ns + duration_ns])
        if silent_ns > 1_000_000_000:
            self.on_start()

    def stop(self) -> None:
        """Throw away what has not been heard."""
        if self.queued_ns:
            self.runs[-1][1] = time.monotonic_ns()

    async def room(self) -> None:
        """Return when less than its depth is queued."""
        over_ns = self.queued_ns - self._depth_ns
        if over_ns > 0:
            await asyncio.sleep(over_ns / 1e9)
