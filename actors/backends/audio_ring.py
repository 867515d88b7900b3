"""The newest seconds of the microphone, cut by position."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator

from pipeline.errors import ConfigError

RATE_HZ = 16_000
"""Microphone streams of the pipeline; also what the service takes without resampling."""
PREROLL_S = 5
"""Before a turn is known of, whose start lies in the past: 0.3 s as a rule, and 2 s more when the
actor that finds turns was killed and had to catch up. 160 KB."""
SETTLING_S = 20
"""After a restart what was retained comes at once, 15 s of sound and the turns in it in any order:
for so long nothing is forgotten."""
MOST_S = 120
"""What is held for turns that wait for a connection: 3.8 MB."""

JOINED = 25
"""Blocks that are made one once they are old: on its own, each of 640 bytes takes 140 more."""

LONGEST_MESSAGE = RATE_HZ // 2
"""Samples in one message when a whole turn is sent at once: 500 ms, 21 KB on the wire."""


def check_rate(rate_hz: int) -> None:
    """Return if a stream of so many samples a second can be used.

    Raises:
        ConfigError: it has another rate.
    """
    if rate_hz != RATE_HZ:
        raise ConfigError(f"audio has {rate_hz} Hz; connect a stream of {RATE_HZ} Hz")


class AudioRing:
    """Blocks of PCM16 mono; a gap is filled with silence, so that positions stay true.

    Args:
        kept: Newest samples that are kept in case a turn turns out to have begun in them.
        most: Samples that are kept at most, whoever needs them.
        settling: Until so many have come in all, none is forgotten.
    """

    def __init__(
        self,
        kept: int = PREROLL_S * RATE_HZ,
        most: int = MOST_S * RATE_HZ,
        settling: int = SETTLING_S * RATE_HZ,
    ) -> None:
        self._blocks: deque[tuple[int, bytes]] = deque()
        self._kept = kept
        self._most = most
        self._settling = settling
        self._loose = 0
        self._first: int | None = None
        self._end: int | None = None
        self.gap_samples = 0
        self.doubled_samples = 0

    @property
    def start(self) -> int:
        """Position of the oldest sample kept."""
        return self._blocks[0][0] if self._blocks else self.end

    @property
    def end(self) -> int:
        """One past the newest sample."""
        return self._end or 0

    def append(self, position: int, pcm: bytes, hold_from: int | None = None) -> None:
        """Take a block; samples heard before are cut off.

        Args:
            position: Index of its first sample.
            pcm: Signed 16-bit little-endian mono.
            hold_from: Oldest position still needed; kept beyond the usual time.
        """
        if self._end is None or self._first is None:
            self._end = self._first = position
        overlap = self._end - position
        if overlap > 0:
            self.doubled_samples += min(overlap, len(pcm) // 2)
            pcm = pcm[overlap * 2 :]
            position = self._end
        if not pcm:
            return
        if position > self._end:
            self._fill_gap(position)
        self._blocks.append((position, pcm))
        self._loose += 1
        self._end = position + len(pcm) // 2
        if self._loose >= 2 * JOINED:
            self._join()
        self._forget(hold_from)

    def cut(self, start: int, end: int) -> bytes:
        """Return the samples from `start` to `end`, as far as they are kept."""
        newest = self._blocks[-1] if self._blocks else None
        if newest is not None and newest[0] == start and end == self._end:
            return newest[1]
        first = max(0, bisect_right(self._blocks, start, key=lambda block: block[0]) - 1)
        pieces: list[bytes] = []
        for index in range(first, len(self._blocks)):
            position, pcm = self._blocks[index]
            if position >= end:
                break
            pieces.append(pcm[max(0, start - position) * 2 : (end - position) * 2])
        return b"".join(pieces)

    def messages(self, start: int, end: int) -> Iterator[bytes]:
        """Cut the samples from `start` to `end` into pieces that are fit to be sent."""
        while start < end:
            upto = min(end, start + LONGEST_MESSAGE)
            if pcm := self.cut(start, upto):
                yield pcm
            start = upto

    def _join(self) -> None:
        newest = [self._blocks.pop() for _ in range(self._loose - JOINED)]
        older = [self._blocks.pop() for _ in range(min(JOINED, len(self._blocks)))]
        pcm = b"".join(pcm for _, pcm in reversed(older))
        self._blocks.append((older[-1][0], pcm))
        self._blocks.extend(reversed(newest))
        self._loose = len(newest)

    def _fill_gap(self, position: int) -> None:
        gap = position - self.end
        self.gap_samples += gap
        if gap >= self._most:
            self._blocks.clear()
            self._loose = 0
        else:
            self._blocks.append((self.end, bytes(gap * 2)))

    def _forget(self, hold_from: int | None) -> None:
        settled = self.end - (self._first or 0) > self._settling
        oldest = self.end - (self._kept if settled else self._settling)
        if hold_from is not None:
            oldest = min(oldest, hold_from)
        oldest = max(oldest, self.end - self._most)
        while self._blocks:
            position, pcm = self._blocks[0]
            if position + len(pcm) // 2 > oldest:
                break
            self._blocks.popleft()
            self._loose = min(self._loose, len(self._blocks))
