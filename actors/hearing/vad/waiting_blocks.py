"""Blocks of sound that wait for those of other sessions, to be judged together with them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable

from pipeline.frames import Audio

TOGETHER_S = 0.016
"""Half of Silero's window. With 25 sessions a dozen windows come in this time, and cost a fifth of
what they cost one by one: the weights do not stay in the processor's cache in between."""
CROWD = 12
"""Sessions from which on their windows wait for each other; fewer bring six in this time."""
MOST_TOGETHER = 128
"""Blocks that wait: 100 sessions bring 80 in this time. More come in a replay, which must not hold
up the loop."""


class WaitingBlocks:
    """Collects blocks, and hands them over by session when it is time.

    Args:
        call_later: As `Actor.call_later`.
        on_due: Takes the blocks of each session, in order.
    """

    def __init__(
        self,
        call_later: Callable[[float, Callable[[], None]], asyncio.TimerHandle],
        on_due: Callable[[dict[str, list[Audio]]], None],
    ) -> None:
        self._call_later = call_later
        self._on_due = on_due
        self._blocks: defaultdict[str, list[Audio]] = defaultdict(list)
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return self._count

    def add(self, block: Audio, sessions: int) -> None:
        """Keep a block; how long, depends on how many sessions are open."""
        self._blocks[block.session].append(block)
        if not self._count:
            # All that is read from the socket at once comes before.
            self._due_in(TOGETHER_S if sessions >= CROWD else 0.0)
        self._count += 1
        if self._count == MOST_TOGETHER:
            self._due_in(0.0)

    def forget(self, session: str) -> None:
        """A session has ended."""
        self._blocks.pop(session, None)

    def close(self) -> None:
        """Hand over nothing any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _due_in(self, seconds: float) -> None:
        self.close()
        self._timer = self._call_later(seconds, self._hand_over)

    def _hand_over(self) -> None:
        blocks, self._blocks = self._blocks, defaultdict(list)
        self._count = 0
        if blocks:
            self._on_due(blocks)
