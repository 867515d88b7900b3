"""A timer that is set again whenever the time it is needed at changes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class Deadline:
    """Calls back at a monotonic time in seconds."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call = call
        self._due_s: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def set(self, due_s: float | None) -> None:
        """Call at `due_s` and not at any time set before; None: not at all."""
        if due_s == self._due_s:
            return
        self._due_s = due_s
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if due_s is not None:
            delay_s = max(0.0, due_s - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._expire)

    def _expire(self) -> None:
        self._timer = self._due_s = None
        self._call()
