"""What playback is doing, for how long, and what goes other than planned in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

RATE_HZ = 24_000
"""Rate of Gemini's answers, and so the one that needs no resampling."""


class PlayoutState(StrEnum):
    """What the next sample is."""

    IDLE = "idle"
    BUFFERING = "buffering"
    PLAYING = "playing"
    PAUSED = "paused"
    STOPPING = "stopping"


@dataclass
class PlayoutCounts:
    """What went other than planned.

    Attributes:
        underruns: Gaps heard within answers because audio came too late.
        late_dropped: Blocks of answers that were stopped or over.
        stale_epoch: Blocks from a backend that no longer owned the route.
        resent_samples: Samples that came a second time and were cut.
        missing_samples: Samples of answers that never came.
        abandoned: Answers without an end, given up for the next one.
        pauses: Times an answer was held because somebody might be speaking.
        resumed: Times it was nothing and the answer went on.
        pauses_left_out: Times it was not held, after it was nothing time after time.
    """

    underruns: int = 0
    late_dropped: int = 0
    stale_epoch: int = 0
    resent_samples: int = 0
    missing_samples: int = 0
    abandoned: int = 0
    pauses: int = 0
    resumed: int = 0
    pauses_left_out: int = 0
