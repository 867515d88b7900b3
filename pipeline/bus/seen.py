"""Duplicate filter: which frames of a stream have come already. Pure."""

from __future__ import annotations


class Seen:
    """Tells a frame that was retained and comes again from one that was missed.

    A producer sends what it retained at every connection, in order and ending with an empty
    message; frames that are sent meanwhile may come before it. `lost` counts the gaps in `seq`.
    A boot of 0 marks a producer that does not count: all its frames are new.
    """

    def __init__(self) -> None:
        self.lost = 0
        self._boot = 0
        self._first: int | None = None
        self._last = -1
        self._retained: tuple[int, int] | None = None
        """First and last frame that has come of the replay that is under way."""
        self._replayed = False
        """Whether all that this process of the producer had retained has come once."""

    def is_new(self, boot: int, seq: int, *, retained: bool, joined: bool = False) -> bool:
        """Take note of a frame; return whether it is the first time.

        Args:
            boot: Of the producer.
            seq: Of the frame.
            retained: It was sent before, to others.
            joined: It holds the sound of frames before it, too, which have not come if this is
                the first connection: then it is new, even if its newest block has come.
        """
        if boot == 0:
            return True
        if boot < self._boot:
            return False
        if boot > self._boot:
            self._boot, self._first, self._last, self._retained = boot, None, -1, None
            self._replayed = False
        if self._first is not None and self._first <= seq <= self._last:
            return joined and not self._replayed
        if retained:
            first, last = self._retained or (seq, seq - 1)
            if seq <= last:
                return False  # A slice that was sent again.
            self._retained = first, seq
            return True
        if self._first is None:
            self._first = seq
        elif seq > self._last + 1:
            self.lost += seq - self._last - 1
        self._last = max(self._last, seq)
        return True

    def replay_ended(self) -> None:
        """All that was retained has come."""
        self._replayed = True
        if self._retained is not None:
            first, last = self._retained
            self._first = first if self._first is None else min(self._first, first)
            self._last = max(self._last, last)
            self._retained = None
