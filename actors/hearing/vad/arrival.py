"""Arrival: when a block that is still to be captured will have come. Pure; times in ns."""

from __future__ import annotations

from actors.lib.audio.pcm import SPEECH_RATE_HZ

MARGIN_NS = 300_000
"""Beyond the least delay of those before: what microphone, ZeroMQ and the scheduler differ by. A
block that takes longer is taken as it comes; one that takes less is late by so much at most."""
DRIFT_NS = 50_000
"""By which the least delay is allowed to grow with each block: a delay that grew by 5 ms for good
is known after 2 s of blocks."""
FRESH_NS = 100_000_000
"""A block that is older has waited, or its clock is another host's: it says nothing of the next.
Sound devices take up to 40 ms."""
SAMPLE_NS = 1e9 / SPEECH_RATE_HZ


class Arrival:
    """Follows how long after its capture a block of one stream is here, and how fast they come."""

    def __init__(self) -> None:
        self._delay_ns = FRESH_NS
        self._captured_ns = 0
        self._end = 0

    def expect(self, captured_ns: int, end: int, now_ns: int, ahead: int) -> int:
        """Return when the block that ends `ahead` samples after this one will be here.

        Args:
            captured_ns: Capture time of the last sample of the block that has come.
            end: One past that sample.
            now_ns: When it was here.
            ahead: In samples.

        Returns:
            0 if nobody knows.
        """
        came, since_ns = end - self._end, captured_ns - self._captured_ns
        self._end, self._captured_ns = end, captured_ns
        delay_ns = now_ns - captured_ns
        if not 0 <= delay_ns < FRESH_NS or came <= 0 or since_ns < 0:
            return 0
        # A recording may be played faster than it was made.
        ahead_ns = ahead * min(SAMPLE_NS, since_ns / came)
        self._delay_ns = min(delay_ns, self._delay_ns + DRIFT_NS)
        return captured_ns + self._delay_ns + int(ahead_ns) + MARGIN_NS
