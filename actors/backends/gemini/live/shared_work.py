"""Work that those share who ask for it at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class SharedWork(Generic[T]):
    """Runs one task for all who want the same; the next who asks begins another."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[T]] = {}

    def begin(self, name: str, make: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        """Begin it before anybody asks.

        Args:
            name: Of the work.
            make: Makes its coroutine.
        """
        task = asyncio.create_task(make())
        self._tasks[name] = task
        # Whoever never gets as far as an attempt does not miss how this went.
        task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return task

    async def result(self, name: str, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what comes of it, or raise what it raises; begin it if nobody has."""
        task = self._tasks.get(name) or self.begin(name, make)
        try:
            return await asyncio.shield(task)
        finally:
            if task.done() and self._tasks.get(name) is task:
                del self._tasks[name]

    async def close(self) -> None:
        """Break off what is under way."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
