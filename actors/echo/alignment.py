"""Which sample of the far end belongs to which sample of the microphone.

Both streams count samples of clocks of their own and say when, by the clock of the machine, their
samples were heard or captured. Pure.
"""

from __future__ import annotations

from actors.audio.pcm import SPEECH_RATE_HZ

NS = 1_000_000_000 / SPEECH_RATE_HZ
"""One sample."""
SMOOTHING_BLOCKS = 50
"""Drivers report times that jump about by some milliseconds from block to block; in a second of
blocks that is averaged out, and a clock 100 ppm wrong has moved by 0.1 ms."""
JUMP_NS = 50_000_000
"""A time this far off is no jitter: the stream broke off, or its buffer changed."""
LEAD = SPEECH_RATE_HZ * 50 // 1000
"""The canceller finds an echo that is up to 0.5 s late, and none that is early. A driver may take
its buffer for longer than it is, so the far end is given 50 ms ahead of its time, as far as it has
come by then."""
CUSHION = SPEECH_RATE_HZ * 30 // 1000
"""Far end that must have come beyond what is needed now, or a late block would be a hole: one
block of 20 ms and 10 ms of waiting for a busy processor."""
TOLERANCE = SPEECH_RATE_HZ * 20 // 1000
"""Off by more, the two are lined up anew at once, which costs the canceller a second."""
QUIET_TOLERANCE = SPEECH_RATE_HZ * 2 // 1000
"""While nothing is heard it costs nothing, so drift is made up for in the pauses."""
LATEST = SPEECH_RATE_HZ // 2
"""A far end that is further behind does not come at all, and is silent."""
LATE_BLOCKS = 5
"""Holes in a row that are no accident."""


class StreamClock:
    """When sample 0 of a stream was, had its clock been right from there on."""

    def __init__(self) -> None:
        self.zero_ns = 0.0
        self._blocks = 0

    @property
    def is_set(self) -> bool:
        """Whether any time is known."""
        return self._blocks > 0

    def note(self, end: int, at_ns: int) -> None:
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
        self._late_in_a_row = 0

    @property
    def by_clock(self) -> int:
        """Index of the far-end sample that was heard when sample 0 was captured."""
        return round((self.near.zero_ns - self.far.zero_ns) / NS)

    @property
    def lead(self) -> int:
        """Samples by which the far end is given before it is heard."""
        return 0 if self._shift is None else self._shift - self._basis

    def first(self, position: int, count: int, far_end: int, *, quiet: bool) -> int | None:
        """Return the index of the far-end sample to go with microphone sample `position`.

        Args:
            position: First sample of the block.
            count: Its length.
            far_end: Index of the first far-end sample that has not come.
            quiet: Nothing is heard at the moment.

        Returns:
            An index, or None while nothing is played.
        """
        if not (self.near.is_set and self.far.is_set):
            return None
        off = abs(self.by_clock - self._basis)
        if self._shift is not None and off > (QUIET_TOLERANCE if quiet else TOLERANCE):
            self._shift = None
            self.realigned += 1
        if self._shift is None:
            at_hand = far_end - CUSHION - position - count
            self._basis = self.by_clock
            if at_hand < self._basis - LATEST:
                return None
            self._shift = min(self._basis + LEAD, at_hand)
        first = position + self._shift
        self._note_late(first + count > far_end)
        return first

    def _note_late(self, late: bool) -> None:
        self.late += late
        self._late_in_a_row = self._late_in_a_row + 1 if late else 0
        if self._late_in_a_row >= LATE_BLOCKS:
            self._late_in_a_row = 0
            self._shift = None
