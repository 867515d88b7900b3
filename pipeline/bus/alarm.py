"""Alarm: calls back at an absolute time, to the 0.1 ms, on a timer of the kernel."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from pipeline.bus.direct_loop import unwatch, watch

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

HAS_ALARM = sys.platform == "linux" and sys.version_info >= (3, 13)
"""Elsewhere an event loop is all there is. It wakes up to a millisecond late: epoll counts in
milliseconds, rounded up."""


class Alarm:
    """Wakes a loop up; only where `HAS_ALARM`.

    Args:
        loop: Which.
        callback: Called at the time that was set last.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
        self._loop = loop
        self._callback = callback
        self._fd = -1
        if sys.platform == "linux" and sys.version_info >= (3, 13):
            self._fd = os.timerfd_create(time.CLOCK_MONOTONIC, flags=os.TFD_NONBLOCK)
            watch(loop, self._fd, self._on_time)

    def set(self, due_ns: int) -> None:
        """Call back at a monotonic time, and not at the one before."""
        if sys.platform == "linux" and sys.version_info >= (3, 13):
            # 0 would stop it.
            os.timerfd_settime_ns(self._fd, flags=os.TFD_TIMER_ABSTIME, initial=max(1, due_ns))

    def close(self) -> None:
        """Give the timer back."""
        if self._fd >= 0:
            unwatch(self._loop, self._fd)
            os.close(self._fd)
            self._fd = -1

    def _on_time(self) -> None:
        try:
            os.read(self._fd, 8)
        except BlockingIOError:
            return  # It was set anew since it rang.
        self._callback()
