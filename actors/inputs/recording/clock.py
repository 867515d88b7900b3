"""Absolute timer: wakes up at absolute times, so that the pace does not drift."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from pipeline.bus.alarm import HAS_ALARM, Alarm

COARSE_NS = 1_500_000
"""How early to wake up where there is only an event loop, which is up to a millisecond late."""


class Clock:
    """Wakes one task; on Linux from Python 3.13 on a timer of the kernel does, in one wake-up."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._woken: asyncio.Future[None] | None = None
        self._beat: Callable[[], int | None] | None = None
        self._alarm = Alarm(self._loop, self._on_time) if HAS_ALARM else None

    async def sleep_until(self, due_ns: int) -> None:
        """Return at a monotonic time, within about 0.1 ms; lets others run even if it is past."""
        remaining_ns = due_ns - time.monotonic_ns()
        if remaining_ns <= 0:
            await asyncio.sleep(0)
        elif self._alarm is not None:
            self._woken = self._loop.create_future()
            self._alarm.set(due_ns)
            await self._woken
        else:
            await asyncio.sleep(max(0, remaining_ns - COARSE_NS) / 1e9)
            _doze_until(due_ns)

    async def beat(self, due_ns: int, beat: Callable[[], int | None]) -> None:
        """Call `beat` at a time, and then at each that it returns, until that is None.

        Nothing switches to the task in between, which would take as long as to send a block.
        """
        if self._alarm is not None:
            self._beat = beat
            self._woken = self._loop.create_future()
            try:
                self._alarm.set(due_ns)
                await self._woken
            finally:
                self._beat = None
        else:
            next_ns: int | None = due_ns
            while next_ns is not None:
                await self.sleep_until(next_ns)
                next_ns = beat()

    def close(self) -> None:
        """Give the timer back."""
        if self._alarm is not None:
            self._alarm.close()

    def _on_time(self) -> None:
        woken = self._woken
        if woken is None or woken.done():
            return
        try:
            next_ns = None if self._beat is None else self._beat()
        except Exception as error:  # noqa: BLE001 - it is that of the task
            woken.set_exception(error)
            return
        if next_ns is None:
            woken.set_result(None)
        elif self._alarm is not None:
            self._alarm.set(next_ns)


def _doze_until(due_ns: int) -> None:
    remaining_ns = due_ns - time.monotonic_ns()
    if 0 < remaining_ns <= 2 * COARSE_NS:
        time.sleep(remaining_ns / 1e9)
