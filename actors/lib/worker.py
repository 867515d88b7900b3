"""A thread for work that would hold up the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class WorkerThread:
    """Does one thing after the other; the thread begins with the first."""

    def __init__(self, name: str) -> None:
        self._threads = ThreadPoolExecutor(1, thread_name_prefix=name)

    def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[R]:
        """Return what will hold the result of a function that blocks."""
        work = partial(function, *args, **kwargs)
        return asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def stop(self) -> None:
        """End the thread, once it is through with what it does; what it has loaded stays."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
