"""What a process has open: compared before and after, it shows what was not let go."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import astuple, dataclass
from typing import Any

import psutil

from pipeline.testing import ActorHarness

POOLS = ("ThreadPoolExecutor-", "asyncio_")
"""Threads of pools, by how their names begin: one more is started whenever all happen to be busy,
up to a fixed number, and stays."""


@dataclass(frozen=True)
class Belongings:
    """What a process has, each as a number.

    Attributes:
        descriptors: Files, sockets and pipes.
        threads: Of Python, but those of pools.
        tasks: Of the running event loop; 0 without one.
    """

    descriptors: int
    threads: int
    tasks: int


def belongings(loop: asyncio.AbstractEventLoop | None = None) -> Belongings:
    """Return what this process has now.

    Args:
        loop: Whose tasks are counted; None: of the one that runs.
    """
    tasks = len(asyncio.all_tasks(loop))
    return Belongings(psutil.Process().num_fds(), len(_threads()), tasks)


def nothing_is_left(harness: ActorHarness[Any], before: Belongings) -> None:
    """Wait until an actor on a stage has no more than it had before, as far as it has to wait.

    Args:
        harness: Of the actor.
        before: What there was, counted outside of its event loop.
    """
    loop = harness._loop

    def more() -> Belongings:
        now = belongings(loop)
        # One task waits for this.
        return Belongings(
            now.descriptors - before.descriptors,
            now.threads - before.threads,
            now.tasks - 1 - before.tasks,
        )

    try:
        harness.until(lambda: max(astuple(more())) <= 0)
    except AssertionError:
        found = f"{more()}, {_threads()}, {asyncio.all_tasks(loop)}"
        raise AssertionError(f"more than before: {found}") from None


def on_stage(harness: ActorHarness[Any]) -> Belongings:
    """Return what this process has, with the tasks of an actor on a stage."""
    harness.settle()
    return belongings(harness._loop)


def _threads() -> list[str]:
    names = [each.name for each in threading.enumerate()]
    return [name for name in names if not name.startswith(POOLS)]
