"""One clock for all outputs that have none: a file, a caller without a device."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from actors.outputs.lateness import Lateness
from actors.outputs.playout.playout_state import RATE_HZ

BLOCK_SAMPLES = RATE_HZ // 50
"""20 ms, as a sound device with a sound server behind it asks for."""
BLOCK_NS = 20_000_000
IDLE_S = 0.5
"""Between two looks at the clock while there is nothing to play and nobody to hear it; half of what
an output takes for a clock that stood still."""


WorkOf = Callable[[str], AbstractContextManager[None]]


class Paced(Protocol):
    """What is asked for blocks by the clock."""

    @property
    def session(self) -> str:
        """Whose it is."""

    @property
    def rests(self) -> bool:
        """Whether it can do without a beat until it calls `stir`."""

    def play_until(self, now_ns: int) -> None:
        """Take the blocks that are due by a monotonic time."""


class Metronome:
    """Beats every 20 ms for those that play; all in step, so that many cost one wake-up."""

    def __init__(self, pace: float, work_of: WorkOf) -> None:
        """Make one that stands still; `run` sets it going.

        Args:
            pace: 1 is real time; 10 beats ten times as fast.
            work_of: What is done in it is the work of a session, and fails for it alone.
        """
        self._work_of = work_of
        self.step_ns = int(BLOCK_NS / pace)
        self._paced: list[Paced] = []
        self._stirred = asyncio.Event()
        self._began_ns = time.monotonic_ns()
        self.lateness = Lateness()
        """Of its beats."""

    def next_beat_ns(self) -> int:
        """Return the monotonic time of the next beat."""
        elapsed_ns = time.monotonic_ns() - self._began_ns
        return self._began_ns + (elapsed_ns // self.step_ns + 1) * self.step_ns

    def add(self, paced: Paced) -> None:
        """Ask one more."""
        self._paced.append(paced)
        self._stirred.set()

    def remove(self, paced: Paced) -> None:
        """Ask it no more."""
        if paced in self._paced:
            self._paced.remove(paced)

    def stir(self) -> None:
        """End a rest: one of them has something to play."""
        self._stirred.set()

    def soon(self, paced: Paced) -> None:
        """Ask one of them once what is being done now is done, and not only at the next beat."""
        asyncio.get_running_loop().call_soon(self._ask, paced)

    async def run(self) -> None:
        """Beat until cancelled."""
        all_asked_ns = 0
        while True:
            self._stirred.clear()
            now_ns = time.monotonic_ns()
            # Of a hundred callers some ten hear an answer; the others are asked now and then.
            asks_all = now_ns - all_asked_ns >= IDLE_S * 1e9
            all_asked_ns = now_ns if asks_all else all_asked_ns
            for paced in list(self._paced):
                if asks_all or not paced.rests:
                    with self._work_of(paced.session):
                        paced.play_until(now_ns)
            if all(paced.rests for paced in self._paced):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(IDLE_S):
                        await self._stirred.wait()
            else:
                due_ns = self.next_beat_ns()
                await asyncio.sleep((due_ns - time.monotonic_ns()) / 1e9)
                now_ns = time.monotonic_ns()
                self.lateness.note(now_ns - due_ns, now_ns)

    def _ask(self, paced: Paced) -> None:
        if paced in self._paced:
            with self._work_of(paced.session):
                paced.play_until(time.monotonic_ns())
