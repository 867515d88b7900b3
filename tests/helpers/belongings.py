"""What a process has open: compared before and after, it shows what was not let go."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Belongings:
    """What a process has, each as a number.

    Attributes:
        descriptors: Files, sockets and pipes.
        threads: Of Python.
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
    return Belongings(psutil.Process().num_fds(), threading.active_count(), tasks)
