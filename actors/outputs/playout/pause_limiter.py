"""Whether pausing an answer is still worth it, and for how long. A pause silences the loudspeaker,
so where its echo is not cancelled each pause disproves its own reason, and an answer of seconds
would take minutes.
"""

from __future__ import annotations

IN_A_ROW = 3
"""Pauses for nothing that are borne. A fit of coughing is one or two; an uncancelled echo goes on
without end."""
CALM_NS = 2_000_000_000
"""Between the end of one and the next, for them not to be in a row. An echo is doubted again 0.1 to
0.9 s after the answer went on (30 times, with 210 ms from the loudspeaker to the detector)."""
LONGEST_PAUSE_NS = 3_000_000_000
"""Whether a sound is speech shows in half of that; later, nobody is there to say so."""


class PauseLimiter:
    """Counts pauses that came to nothing, one soon after the other; times in ns of one clock."""

    def __init__(self) -> None:
        self._in_a_row = 0
        self._open = False
        self._began_ns = 0
        self._ended_ns = 0

    def begin(self, now_ns: int) -> bool:
        """Somebody may be speaking; return whether to pause."""
        if now_ns - self._ended_ns >= CALM_NS:
            self._in_a_row = 0
        self._open = True
        self._began_ns = now_ns
        return self._in_a_row < IN_A_ROW

    def is_over(self, now_ns: int) -> bool:
        """Return whether a pause has lasted as long as it may."""
        return now_ns - self._began_ns >= LONGEST_PAUSE_NS

    def was_nothing(self, now_ns: int) -> None:
        """Nobody was speaking."""
        if self._open:
            self._open = False
            self._in_a_row += 1
            self._ended_ns = now_ns

    def was_speech(self) -> None:
        """Somebody was."""
        self._in_a_row = 0
        self._open = False
