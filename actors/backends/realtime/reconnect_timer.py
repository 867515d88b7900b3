"""Moves the conversation to a new connection at a moment when nobody notices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

MARGIN_S = 2.0
"""Before the server's deadline, for closing and connecting again."""


class ReconnectTimer:
    """Holds the wish to move, and a timer of its own: a server that goes away may go quiet."""

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave = leave
        self._wanted = False
        self._timer: asyncio.TimerHandle | None = None

    def want(self, time_left_s: float | None = None) -> None:
        """Move at the next pause, and in any case before `time_left_s` is over."""
        self._wanted = True
        if time_left_s is None:
            return
        self._stop_timer()
        delay_s = time_left_s - min(MARGIN_S, time_left_s / 4)
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._leave)

    def pause(self) -> None:
        """No turn is under way."""
        if self._wanted:
            self._leave()

    def stop(self) -> None:
        """The connection is gone: nobody wants to leave it."""
        self._wanted = False
        self._stop_timer()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
