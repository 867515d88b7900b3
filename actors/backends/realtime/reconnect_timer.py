"""Moves the conversation to a new connection at a moment when nobody notices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

MARGIN_S = 2.0
"""Before the server's deadline, for closing and connecting again."""
HANDLE_PATIENCE_S = 2.0
"""A handle comes when an answer has been played; without it the next session is told in words what
was said. That is worth a wait, but a server that has gone quiet sends none."""


class ReconnectTimer:
    """Holds the wish to move, and a timer of its own: a server that goes away may go quiet."""

    def __init__(self, leave: Callable[[], None], look_again: Callable[[], None]) -> None:
        self._leave = leave
        self._look_again = look_again
        self._handle_by_s: float | None = None
        self._patience: asyncio.TimerHandle | None = None
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

    def pause(self, *, resumable: bool) -> None:
        """No turn is under way; what was said is lost to a session that is not `resumable` yet."""
        if not self._wanted:
            return
        loop = asyncio.get_running_loop()
        if self._handle_by_s is None:
            self._handle_by_s = loop.time() + HANDLE_PATIENCE_S
        if resumable or loop.time() >= self._handle_by_s:
            self._leave()
        elif self._patience is None:
            self._patience = loop.call_at(self._handle_by_s, self._without_handle)

    def stop(self) -> None:
        """The connection is gone: nobody wants to leave it."""
        self._wanted = False
        self._stop_timer()
        self._stop_patience()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _without_handle(self) -> None:
        self._handle_by_s = 0.0
        self._look_again()

    def _stop_patience(self) -> None:
        self._handle_by_s = None
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
