"""Cuts answer audio into the uneven bursts in which a model delivers it."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from .voice import VOICE_RATE_HZ

# Sizes of pieces as seen from the service, in milliseconds of audio.
SHORTEST_PIECE_MS = 40
LONGEST_PIECE_MS = 400
# Real time divided by the time a reply takes: drawn between these for each piece.
SLOWEST_FACTOR = 3.0
FASTEST_FACTOR = 8.0
BYTES_PER_MS = VOICE_RATE_HZ * 2 // 1000


class Pace(Enum):
    """How an answer is delivered."""

    BURSTS = "bursts"
    AT_ONCE = "at once"
    FIXED = "fixed"


@dataclass(frozen=True)
class Pacing:
    """`factor` is the speed for FIXED: 1 is real time, 0.5 half as fast."""

    pace: Pace = Pace.BURSTS
    factor: float = 1.0


@dataclass(frozen=True)
class Piece:
    """Audio to send, and how long to wait afterwards."""

    pcm: bytes
    gap_s: float

    @property
    def duration_ms(self) -> float:
        """Playing time."""
        return len(self.pcm) / BYTES_PER_MS


def pieces(pcm: bytes, pacing: Pacing, source: random.Random) -> Iterator[Piece]:
    """Cuts PCM16 at VOICE_RATE_HZ into pieces; all randomness comes from `source`."""
    start = 0
    while start < len(pcm):
        piece_ms = source.randint(SHORTEST_PIECE_MS, LONGEST_PIECE_MS)
        end = min(len(pcm), start + piece_ms * BYTES_PER_MS)
        duration_s = (end - start) / BYTES_PER_MS / 1000
        match pacing.pace:
            case Pace.BURSTS:
                gap_s = duration_s / source.uniform(SLOWEST_FACTOR, FASTEST_FACTOR)
            case Pace.AT_ONCE:
                gap_s = 0.0
            case Pace.FIXED:
                gap_s = duration_s / pacing.factor
        yield Piece(pcm[start:end], gap_s)
        start = end
