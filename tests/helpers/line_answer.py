"""An answer as a telephone line has it from its player."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from actors.lib.audio.pcm import Samples
from actors.outputs.output import AnswerPosition


class LineAnswer:
    """All of it is there from the beginning; it may be held.

    Args:
        blocks: Of 20 ms.
        level: Of the samples of a block, by its number from 1 on.
    """

    session = "call"
    sounded = False
    is_paused = False
    is_whole = True

    def __init__(self, blocks: int, level: Callable[[int], int]) -> None:
        self._blocks = blocks
        self._level = level
        self.rendered = 0

    @property
    def is_idle(self) -> bool:
        """Whether all of it was rendered."""
        return self.rendered == self._blocks

    @property
    def waiting_ms(self) -> float:
        """What was not."""
        return 20.0 * (self._blocks - self.rendered)

    @property
    def position(self) -> AnswerPosition:
        """Nobody asks."""
        raise AssertionError("a line knows by itself what was heard")

    def render(self, count: int, at_ns: int) -> Samples:
        """Return the next block, or silence."""
        self.sounded = not self.is_paused and not self.is_idle
        self.rendered += self.sounded
        return np.full(count, self._level(self.rendered) * self.sounded, np.int16)

    def break_off(self) -> None:
        """Nobody asks for it."""
        raise AssertionError("a line keeps its own time")
