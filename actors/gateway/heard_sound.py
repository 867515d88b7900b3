"""What a caller has heard of what it was sent: by its client's word, or else by our clock."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from actors.outputs.metronome import BLOCK_SAMPLES
from actors.outputs.output import AnswerPosition

MOST_BLOCKS = 3000
"""Sent and not heard yet: a minute. A client may say for as long as it likes that it plays
nothing."""


class SentBlock(NamedTuple):
    """A block of an answer.

    Attributes:
        end: Samples sent over the connection up to its end.
        until_ns: Monotonic time at which it is over, played in time.
        position: Up to where it goes.
    """

    end: int
    until_ns: int
    position: AnswerPosition


class HeardSound:
    """Follows one caller. Samples are at 24 kHz, and those of answers only."""

    def __init__(self) -> None:
        self._blocks: deque[SentBlock] = deque(maxlen=MOST_BLOCKS)
        self._sent = 0
        self._reported: int | None = None
        self._heard: AnswerPosition | None = None

    def connected(self) -> None:
        """There is a new connection: what was under way on the one before is not heard any more."""
        self._blocks.clear()
        self._sent = 0
        self._reported = None

    def sent(self, samples: int, until_ns: int, position: AnswerPosition) -> None:
        """So many samples more were sent, to be over at a time of the monotonic clock."""
        self._sent += samples
        self._blocks.append(SentBlock(self._sent, until_ns, position))

    def reported(self, samples: int) -> None:
        """The client says that so many samples that came over its connection were played.

        What was thrown away may be among them: of an answer that is over nothing is asked again.
        """
        self._reported = max(self._reported or 0, min(samples, self._sent))

    def up_to(self, turn: str, epoch: int, now_ns: int) -> int | None:
        """Return up to where an answer was heard, in samples of its own rate.

        None: none of it was sent over this connection.
        """
        while self._blocks and self._is_heard(self._blocks[0], now_ns):
            self._heard = self._blocks.popleft().position
        if self._heard is not None and self._heard.is_of(turn, epoch):
            return self._heard.samples
        sent = (each.position for each in self._blocks if each.position.is_of(turn, epoch))
        first = next(sent, None)
        return None if first is None else max(0, first.samples - BLOCK_SAMPLES)

    def _is_heard(self, block: SentBlock, now_ns: int) -> bool:
        if self._reported is None:
            return block.until_ns <= now_ns
        return block.end <= self._reported
