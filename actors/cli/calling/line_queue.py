"""What a provider keeps of the sound that it is sent, and lets out in real time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from actors.cli.calling.orders import EndAnswer, SetMark
from actors.lib.audio.pcm import Samples


@dataclass(frozen=True)
class PlacedMark:
    """A mark in the queue.

    Attributes:
        mark: As it was asked for; or the end of an answer, which is not given back.
        asked_s: When.
    """

    mark: SetMark | EndAnswer
    asked_s: float


@dataclass(frozen=True)
class Stretch:
    """What went over the line since it was last asked.

    Attributes:
        samples: As heard: the silence before a prefill is over, what waited, and the silence of an
            empty queue.
        held: How many were silent before.
        sound: How many of them waited.
        marks: Those that were reached.
    """

    samples: Samples
    held: int
    sound: int
    marks: list[PlacedMark]

    @property
    def ends_answer(self) -> bool:
        """Whether the last of an answer was heard."""
        return any(isinstance(each.mark, EndAnswer) for each in self.marks)


@dataclass(frozen=True)
class Cleared:
    """What was thrown away.

    Attributes:
        samples: How many.
        marks: Of these.
    """

    samples: int
    marks: list[PlacedMark]


class LineQueue:
    """Sound in order with marks between, played by the clock that is passed in.

    Args:
        rate_hz: Of the line.
        capacity_s: Sound beyond it is dropped.
        prefill_s: So much waits before the first of it is played, whenever the queue was empty.
    """

    def __init__(self, rate_hz: int, capacity_s: float, prefill_s: float = 0.0) -> None:
        self._rate_hz = rate_hz
        self._capacity = round(capacity_s * rate_hz)
        self._items: deque[Samples | PlacedMark] = deque()
        self._waiting = 0
        self._played = 0
        """Samples since the line was up, silence too: its clock."""
        self._prefill = round(prefill_s * rate_hz)
        self._plays_from = 0
        """The clock before which nothing is played."""
        self.paused = False

    @property
    def waiting_s(self) -> float:
        """How much waits to be played."""
        return self._waiting / self._rate_hz

    def add(self, samples: Samples) -> int:
        """Let samples wait; return how many of them were dropped."""
        kept = samples[: max(0, self._capacity - self._waiting)]
        if len(kept):
            if not self._waiting:
                self._plays_from = self._played + self._prefill
            self._items.append(kept)
            self._waiting += len(kept)
        return len(samples) - len(kept)

    def mark(self, mark: PlacedMark) -> None:
        """Note where the sound is that waits now."""
        self._items.append(mark)

    def forget_marks(self) -> list[PlacedMark]:
        """Take all marks out and return them."""
        marks = [each for each in self._items if isinstance(each, PlacedMark)]
        self._items = deque(each for each in self._items if not isinstance(each, PlacedMark))
        return marks

    def clear(self) -> Cleared:
        """Throw all of it away; who was paused is not any more."""
        cleared = Cleared(self._waiting, self.forget_marks())
        self._items.clear()
        self._waiting = 0
        self.paused = False
        return cleared

    def advance(self, up_s: float) -> Stretch:
        """Play on to a time.

        Args:
            up_s: Seconds since the line was up; a time that is past plays nothing.
        """
        due = max(0, round(up_s * self._rate_hz) - self._played)
        # Nothing is played before its time, and a prefill only follows on an empty queue.
        held = min(due, max(0, self._plays_from - self._played))
        self._played += due
        pieces: list[Samples] = [np.zeros(held, np.int16)]
        marks: list[PlacedMark] = []
        left = due - held
        while self._items and not self.paused:
            item = self._items[0]
            if isinstance(item, PlacedMark):
                marks.append(item)
            elif not left:
                break
            else:
                piece, rest = item[:left], item[left:]
                pieces.append(piece)
                left -= len(piece)
                if len(rest):
                    self._items[0] = rest
                    break
            self._items.popleft()
        sound = due - held - left
        self._waiting -= sound
        return Stretch(np.concatenate([*pieces, np.zeros(left, np.int16)]), held, sound, marks)
