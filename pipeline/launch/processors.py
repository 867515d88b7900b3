"""Processors, of which all others leave one to the first backend while everything starts.

The first backend imports for longest, and the conversation waits for it. A dozen processes that
start at the same time on the same two processors would take a fifth of them from it; together on
the other one, they are ready before it all the same. The first sound comes a tenth earlier.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

PROC = Path("/proc")

_before: set[int] = set()
"""The processors that this process had before it left one; empty: it has left none."""


def leave_one() -> None:
    """Keep this process, and what it forks from now on, off one of its processors.

    Only on Linux, and where it has several.
    """
    if sys.platform != "linux":
        return
    processors = os.sched_getaffinity(0)
    if len(processors) > 1:
        # Where it is not allowed, everything is as without it.
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, processors - {max(processors)})
            _before.update(processors)


def take_all() -> None:
    """Let this process and all that came from it run on every processor again.

    Takes a few milliseconds if one was left, otherwise nothing.
    """
    if not _before:
        return
    # What is forked meanwhile comes from one that is done, or is found the next time.
    done: set[int] = set()
    while new := _family() - done:
        for pid in new:
            _let_run_anywhere(pid)
        done |= new
    _before.clear()


def _let_run_anywhere(pid: int) -> None:
    # Each thread has processors of its own. A process or a thread may be gone meanwhile.
    with contextlib.suppress(OSError):
        for thread in list((PROC / str(pid) / "task").iterdir()):
            with contextlib.suppress(OSError):
                os.sched_setaffinity(int(thread.name), _before)


def _family() -> set[int]:
    """This process and its descendants. psutil, which could tell, takes 40 ms to import."""
    children: dict[int, list[int]] = {}
    for process in PROC.iterdir():
        if process.name.isdecimal():
            # Gone meanwhile.
            with contextlib.suppress(OSError):
                stat = (process / "stat").read_text(encoding="ascii", errors="replace")
                # The fields after the name, which may hold anything: state, parent. proc(5).
                parent = int(stat.rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(process.name))
    found: set[int] = set()
    waiting = [os.getpid()]
    while waiting:
        pid = waiting.pop()
        found.add(pid)
        waiting += children.get(pid, [])
    return found
