"""What callers say, at the rates of their lines."""

from __future__ import annotations

from functools import cache

import soxr

from actors.lib.audio.pcm import Samples
from benchmarks.sound import RATE_HZ, phrases


@cache
def phrases_at(rate_hz: int) -> list[Samples]:
    """Return what anybody says, at the rate of a line."""
    return [soxr.resample(each, RATE_HZ, rate_hz) for each in phrases()]
