"""Cuts answer audio into the uneven bursts in which a model delivers it."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from actors.lib.speech.synthesizer import VOICE_RATE_HZ

# Sizes of pieces as seen from the service, in milliseconds of audio.
SHORTEST_PIECE_MS = 40
LONGEST_PIECE_MS = 400
BYTES_PER_MS = VOICE_RATE_HZ * 2 // 1000


@dataclass(frozen=True)
class Pacing:
    """Speed of delivery in times real time, drawn between both for each piece."""

    slowest: float
    fastest: float

    @classmethod
    def fixed(cls, factor: float) -> "Pacing":
        """Always the same speed: 1 is real time, 0.5 half as fast."""
        return cls(factor, factor)

    def draw(self, source: random.Random) -> float:
        """The speed of one piece."""
        if self.slowest == self.fastest:
            return self.slowest
        return source.uniform(self.slowest, self.fastest)


AT_ONCE = Pacing.fixed(math.inf)


@dataclass(frozen=True)
class PacedAudio:
    """Audio to send, and how long to wait afterwards."""

    pcm: bytes
    gap_s: float

    @property
    def duration_ms(self) -> float:
        """Playing time."""
        return len(self.pcm) / BYTES_PER_MS


def pieces(pcm: bytes, pacing: Pacing, source: random.Random) -> Iterator[PacedAudio]:
    """Cuts PCM16 at VOICE_RATE_HZ into pieces; all randomness comes from `source`."""
    start = 0
    while start < len(pcm):
        piece_ms = source.randint(SHORTEST_PIECE_MS, LONGEST_PIECE_MS)
        end = min(len(pcm), start + piece_ms * BYTES_PER_MS)
        duration_s = (end - start) / BYTES_PER_MS / 1000
        yield PacedAudio(pcm[start:end], duration_s / pacing.draw(source))
        start = end
