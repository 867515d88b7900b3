"""The way around the echo canceller, for as long as there is no echo to take out."""

from __future__ import annotations

from enum import Enum, auto

import numpy as np

from actors.lib.audio.pcm import Samples

DELAY_SAMPLES = 128
"""By so much the sound is later behind WebRTC's filter banks; around them it is as late."""


class Way(Enum):
    """What a block goes through."""

    CANCELLER = auto()
    AROUND = auto()
    BOTH = auto()
    """From the one to the other, with a fade: what WebRTC takes out below 100 Hz makes no click."""


class Bypass:
    """Decides for each block which way it goes; blocks come out as late on either."""

    def __init__(self) -> None:
        self._before = np.zeros(DELAY_SAMPLES, np.int16)
        self._was_around = False
        self.late: Samples = self._before
        """The block that was taken last, as late as it would be behind the canceller."""

    def way(self, samples: Samples, *, around: bool) -> Way:
        """Take the next block; return which way it goes if it may go around the canceller."""
        joined = np.concatenate([self._before, samples])
        self._before, self.late = joined[len(samples) :], joined[: len(samples)]
        changes = around is not self._was_around
        self._was_around = around
        if changes:
            return Way.BOTH
        return Way.AROUND if around else Way.CANCELLER

    def fade(self, cleaned: Samples) -> Samples:
        """Return a block that has gone `BOTH` ways, faded from the one to the other."""
        into = np.arange(1, len(cleaned) + 1) / len(cleaned)
        share = 1 - into if self._was_around else into
        mixed: Samples = (cleaned * share + self.late * (1 - share)).astype(np.int16)
        return mixed
