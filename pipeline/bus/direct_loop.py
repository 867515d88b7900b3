"""An asyncio loop on which what is read for every block of sound calls back straight away."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import selectors
import sys
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

NEXT_ADDRESS_S = 0.25
"""RFC 8305, "Connection Attempt Delay": one address has so long before the next is tried too.
asyncio by itself waits for the first until the system gives up, two minutes where IPv6 leads
nowhere."""
MOST_EVENTS = 64
"""Looked at in one turn; those left over come in the next."""


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a loop for an actor's process: a `DirectLoop` where there is one."""
    return DirectLoop() if sys.platform == "linux" else asyncio.new_event_loop()


def watch(loop: asyncio.AbstractEventLoop, fd: int, callback: Callable[[], None]) -> None:
    """Call back whenever there is something to read, as `add_reader` does, until `unwatch`."""
    if sys.platform == "linux" and isinstance(loop, DirectLoop):
        loop.direct.watch(fd, callback)
    else:
        loop.add_reader(fd, callback)


def unwatch(loop: asyncio.AbstractEventLoop, fd: int) -> None:
    """Call back no more, if that was wanted."""
    if sys.platform == "linux" and isinstance(loop, DirectLoop):
        loop.direct.unwatch(fd)
    else:
        loop.remove_reader(fd)


if sys.platform == "linux":

    class DirectSelector(selectors.EpollSelector):
        """Calls back by itself for descriptors that are watched directly.

        For each event asyncio makes a key, a handle and a turn of its queue. In a process that
        sleeps between two blocks of sound these find cold caches, and take a third of what the
        block takes (benchmarks/README.md, "One hop").

        Args:
            complain: Takes the exception that a callback raised.
        """

        def __init__(self, complain: Callable[[Exception], None]) -> None:
            super().__init__()
            self._complain = complain
            # Another descriptor of the same epoll: the base class knows nothing of these events.
            self._epoll = select.epoll.fromfd(os.dup(self.fileno()))
            self._watched: dict[int, tuple[Context, Callable[[], None]]] = {}

        def watch(self, fd: int, callback: Callable[[], None]) -> None:
            """Call back, in the context of this call, whenever there is something to read."""
            self._epoll.register(fd, select.EPOLLIN)
            self._watched[fd] = copy_context(), callback

        def unwatch(self, fd: int) -> None:
            """Call back no more, if that was wanted."""
            if self._watched.pop(fd, None) is not None:
                with contextlib.suppress(OSError):  # It may be closed already.
                    self._epoll.unregister(fd)

        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            """Wait, call back, and return what asyncio watches."""
            try:
                events = self._epoll.poll(timeout, MOST_EVENTS)
            except InterruptedError:
                return []
            others: list[tuple[int, int]] = []
            for event in events:
                watched = self._watched.get(event[0])
                if watched is None:
                    others.append(event)
                    continue
                context, callback = watched
                try:
                    context.run(callback)
                except Exception as error:  # noqa: BLE001 - as asyncio does with any callback
                    self._complain(error)
            return self._ready(others) if others else []

        def _ready(self, events: list[tuple[int, int]]) -> list[tuple[selectors.SelectorKey, int]]:
            """Return events as the base class does, which would ask the kernel once more."""
            keys = self.get_map()
            ready: list[tuple[selectors.SelectorKey, int]] = []
            for fd, event in events:
                key = keys.get(fd)
                # Those that are no longer watched, since a callback has just closed them, are past.
                if key is not None:
                    # An error or a hang-up wakes both sides.
                    reads = selectors.EVENT_READ if event & ~select.EPOLLOUT else 0
                    writes = selectors.EVENT_WRITE if event & ~select.EPOLLIN else 0
                    ready.append((key, (reads | writes) & key.events))
            return ready

        def close(self) -> None:
            """Give the epoll back."""
            self._epoll.close()
            super().close()

    class DirectLoop(asyncio.SelectorEventLoop):
        """Has a `DirectSelector`."""

        def __init__(self) -> None:
            self.direct = DirectSelector(self._complain)
            super().__init__(self.direct)

        async def create_connection(self, *arguments: Any, **options: Any) -> Any:
            """Connect; where a name has several addresses, without waiting for a dead one."""
            options.setdefault("happy_eyeballs_delay", NEXT_ADDRESS_S)
            return await super().create_connection(*arguments, **options)

        def _complain(self, error: Exception) -> None:
            self.call_exception_handler(
                {"message": "exception in what was watched directly", "exception": error}
            )
