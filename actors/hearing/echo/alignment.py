"""Alignment of far end and microphone, sample by sample. Pure.

Both streams count the samples of clocks of their own, and come as they are made, so what has come
of one when a block of the other arrives says within a millisecond how far apart they are. The times
that drivers report wander by 15 ms and more; they only keep what is buffered far ahead in bounds.
"""

from __future__ import annotations

from collections import deque

from actors.lib.audio.pcm import SPEECH_RATE_HZ

NS = 1_000_000_000 / SPEECH_RATE_HZ
"""One sample."""
SMOOTHING_BLOCKS = 500
"""Ten seconds, in which the times reported by PulseAudio go up and down a few times."""
JUMP_NS = 200_000_000
"""A time this far off is no such wandering: the stream broke off, or its buffer changed."""
WINDOW_BLOCKS = 100
"""Two seconds: by then each stream's blocks have come late now and then."""
OUTLIERS = 2
"""Blocks among those that may have been later than the rest: a busy processor is no trend."""
MARGIN = SPEECH_RATE_HZ * 5 // 1000
"""Far end to have beyond what was enough in the window, for processors a little busier."""
LEAD = SPEECH_RATE_HZ * 50 // 1000
"""The canceller finds an echo that is up to 0.5 s late, and none that is early. So the far end is
given as soon as it can be, but at most 50 ms before the driver says it is heard."""
TOLERANCE = SPEECH_RATE_HZ * 20 // 1000
"""An echo comes at least so much later than its sound has: out through one buffer and in through
another. Clocks that drift may use this up before the streams are lined up anew, in a pause."""
JUMP = SPEECH_RATE_HZ // 10
"""Off by more, says the clock, they are lined up anew at once; that costs the canceller a second,
in which it can do nothing with what is wrong anyway."""
LOSS = SPEECH_RATE_HZ * 40 // 1000
"""The same, if the streams themselves say so: a device that ran over or dry has lost samples."""
LATEST = SPEECH_RATE_HZ // 2
"""A far end that is further behind does not come at all, and is silent."""
LATE_BLOCKS = 5
"""Holes in a row that are no accident."""
STALLED_BLOCKS = 3
"""Blocks of the microphone without one of the far end: it has stopped, and says nothing about
where it belongs."""


class StreamClock:
    """When sample 0 of a stream was, had its clock been right from there on."""

    def __init__(self) -> None:
        self.zero_ns = 0.0
        self._blocks = 0

    @property
    def is_set(self) -> bool:
        """Whether any time is known."""
        return self._blocks > 0

    def record(self, end: int, at_ns: int) -> None:
        """The sample before `end` was heard or captured at `at_ns`."""
        zero_ns = at_ns - end * NS
        off_ns = zero_ns - self.zero_ns
        if abs(off_ns) > JUMP_NS:
            self._blocks = 0
        self._blocks = min(self._blocks + 1, SMOOTHING_BLOCKS)
        self.zero_ns += off_ns / self._blocks


class Alignment:
    """Keeps a constant distance between the two streams for as long as it is about right."""

    def __init__(self) -> None:
        self.near = StreamClock()
        self.far = StreamClock()
        self.realigned = 0
        self.late = 0
        """Blocks for which the far end had not come in time."""
        self._shift: int | None = None
        self._basis = 0
        self._at_hand: deque[int] = deque(maxlen=WINDOW_BLOCKS)
        self._late_in_a_row = 0
        self._far_end = 0
        self._stalled = 0

    @property
    def by_clock(self) -> int:
        """Index of the far-end sample that was heard when sample 0 was captured."""
        return round((self.near.zero_ns - self.far.zero_ns) / NS)

    @property
    def lead(self) -> int:
        """Samples by which the far end is given before it is said to be heard."""
        return 0 if self._shift is None else self._shift - self.by_clock

    def lacks(self, position: int, count: int, far_end: int) -> bool:
        """Return whether some of the far end that goes with these samples has not come."""
        return self._shift is not None and position + self._shift + count > far_end

    def first(
        self, position: int, count: int, far_end: int, *, quiet: bool, hushed: bool = False
    ) -> int | None:
        """Return the index of the far-end sample to go with microphone sample `position`.

        Args:
            position: First sample of the block.
            count: Its length.
            far_end: Index of the first far-end sample that has not come.
            quiet: Nothing is heard at the moment, so that a change does no harm.
            hushed: The far end comes in single pieces, of which only the block of the microphone
                that comes next says anything.

        Returns:
            An index, or None while nothing is played.
        """
        if not (self.near.is_set and self.far.is_set):
            return None
        at_hand = far_end - position - count
        self._stalled = self._stalled + 1 if far_end == self._far_end else 0
        self._far_end = far_end
        if self._stalled >= (1 if hushed else STALLED_BLOCKS):
            return None if self._shift is None else position + self._shift
        self._at_hand.append(at_hand)
        if at_hand < self.by_clock - LATEST:
            self._shift = None
            return None
        best = self._best()
        if self._shift is None or self._is_off(at_hand, best, quiet):
            self.realigned += self._shift is not None
            self._shift, self._basis = best, self.by_clock
        return position + self._shift

    def _best(self) -> int:
        usual = sorted(self._at_hand)[min(OUTLIERS, len(self._at_hand) // 20)]
        return min(self.by_clock + LEAD, usual - MARGIN)

    def _is_off(self, at_hand: int, best: int, quiet: bool) -> bool:
        assert self._shift is not None
        late = self._shift > at_hand
        self.late += late
        self._late_in_a_row = self._late_in_a_row + 1 if late else 0
        if abs(self.by_clock - self._basis) > JUMP:
            return True
        if quiet:
            return best != self._shift and (late or abs(best - self._shift) > TOLERANCE)
        return self._late_in_a_row == LATE_BLOCKS or best - self._shift > LOSS
