"""Arrival: when a block that is still to be captured will have come. Pure; times in ns."""

from __future__ import annotations

from actors.lib.audio.pcm import SPEECH_RATE_HZ

MARGIN_NS = 300_000
"""Beyond the least delay of those before: what microphone, ZeroMQ and the scheduler differ by. A
block that takes longer is taken as it comes; one that takes less is late by so much at most."""
ROUND_SAMPLES = 10 * SPEECH_RATE_HZ
AWAKE_BLOCKS = 5
"""So many in each round are taken as they come: whoever waited for its time to be read was here
then, however long before. They are a thirtieth of the wake-ups in silence."""
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
        self._awake_ns = 0
        self._to_measure = 0

    def expect(self, captured_ns: int, end: int, now_ns: int, ahead: int) -> int:
        """Return when the block that ends `ahead` samples after this one will be here.

        Args:
            captured_ns: Capture time of the last sample of the block that has come.
            end: One past that sample.
            now_ns: When it was here.
            ahead: In samples.

        Returns:
            0 if nobody knows, or that is to be measured.
        """
        came, since_ns = end - self._end, captured_ns - self._captured_ns
        self._end, self._captured_ns = end, captured_ns
        if end // ROUND_SAMPLES != (end - came) // ROUND_SAMPLES:
            self._awake_ns, self._to_measure, self._delay_ns = now_ns, AWAKE_BLOCKS, FRESH_NS
        delay_ns = now_ns - captured_ns
        if not 0 <= delay_ns < FRESH_NS or came <= 0 or since_ns < 0:
            return 0
        self._delay_ns = min(delay_ns, self._delay_ns)
        if self._to_measure:
            # One that was captured before may have waited.
            self._to_measure -= captured_ns > self._awake_ns
            return 0
        # A recording may be played faster than it was made.
        ahead_ns = ahead * min(SAMPLE_NS, since_ns / came)
        return captured_ns + self._delay_ns + int(ahead_ns) + MARGIN_NS
