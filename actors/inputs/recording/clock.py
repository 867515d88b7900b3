"""Absolute timer: wakes up at absolute times, so that the pace does not drift."""

from __future__ import annotations

import asyncio
import time

COARSE_NS = 1_500_000
"""An event loop wakes up to a millisecond late: epoll counts in milliseconds, rounded up."""


async def sleep_until(due_ns: int) -> None:
    """Return at a monotonic time, within about 0.1 ms; lets others run even if it is past."""
    coarse_ns = due_ns - time.monotonic_ns() - COARSE_NS
    await asyncio.sleep(max(0, coarse_ns) / 1e9)
    _doze_until(due_ns)


def _doze_until(due_ns: int) -> None:
    remaining_ns = due_ns - time.monotonic_ns()
    if 0 < remaining_ns <= 2 * COARSE_NS:
        time.sleep(remaining_ns / 1e9)
