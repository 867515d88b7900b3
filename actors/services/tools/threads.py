"""Sync functions in daemon threads: one that hangs holds up neither the loop nor the exit."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from actors.services.tools.tool import ToolError

MAX_STUCK = 32
"""Hung threads at which no more are started: each holds 8 MB of address space and its work."""


class DaemonThreads:
    """Starts a thread for each call and counts those that nobody waits for any more.

    A thread cannot be killed, so an abandoned one runs on. The loop's default executor would wait
    for it at exit; these do not.
    """

    def __init__(self, on_stuck: Callable[[int], None] = lambda _count: None) -> None:
        """Begin without threads.

        Args:
            on_stuck: Called with `stuck` whenever it changes.
        """
        self._abandoned: set[asyncio.Future[Any]] = set()
        self._on_stuck = on_stuck

    @property
    def stuck(self) -> int:
        """Threads still at work on a call that was given up."""
        return len(self._abandoned)

    async def run(self, function: Callable[[], Any], name: str) -> Any:
        """Return what `function()` returns, or raise what it raises.

        Raises:
            ToolError: too many threads hang.
        """
        if self.stuck >= MAX_STUCK:
            raise ToolError(f"not run: {self.stuck} earlier calls hang; restart the tools actor")
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[Any] = loop.create_future()

        def settle(value: Any, error: BaseException | None) -> None:
            if outcome in self._abandoned:
                self._abandoned.discard(outcome)
                self._on_stuck(self.stuck)
            if outcome.cancelled():
                return
            if error is None:
                outcome.set_result(value)
            else:
                outcome.set_exception(error)

        def work() -> None:
            value, error = None, None
            try:
                value = function()
            except BaseException as caught:  # noqa: BLE001 - handed to who waits for it
                error = _presentable(caught)
            try:
                loop.call_soon_threadsafe(settle, value, error)
            except RuntimeError:
                return  # The loop was closed while the call hung: nobody is left to be told.

        returned = False
        # In the context of the call, so that what the function logs carries its session.
        context = copy_context()
        threading.Thread(target=context.run, args=(work,), name=f"tool-{name}", daemon=True).start()
        try:
            value = await asyncio.shield(outcome)
            returned = True
            return value
        finally:
            if not returned and not outcome.done():
                self._abandoned.add(outcome)
                self._on_stuck(self.stuck)
                outcome.add_done_callback(_retrieve)


def _presentable(error: BaseException) -> BaseException:
    """A future takes no StopIteration, and SystemExit of a tool must not end the actor."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    wrapped = RuntimeError(f"{type(error).__name__}: {error}")
    wrapped.__cause__ = error
    return wrapped


def _retrieve(outcome: asyncio.Future[Any]) -> None:
    """Look at a late exception, so that asyncio does not report it as forgotten."""
    if not outcome.cancelled():
        outcome.exception()
