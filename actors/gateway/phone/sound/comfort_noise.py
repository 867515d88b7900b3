"""Noise in the pauses of a call: a line that is quite silent is taken for dead."""

from __future__ import annotations

import numpy as np

from actors.lib.audio.pcm import FULL_SCALE, Samples


class ComfortNoise:
    """Makes white noise without end, in blocks of any size.

    Args:
        level_dbfs: RMS below full scale.
        seed: Of the noise of a call: with equal ones calls sound the same.
    """

    def __init__(self, level_dbfs: float, seed: int = 0) -> None:
        self._amplitude = FULL_SCALE * 10 ** (level_dbfs / 20)
        self._random = np.random.default_rng(seed)

    def block(self, samples: int) -> Samples:
        """Return so many samples."""
        noise = np.round(self._random.standard_normal(samples) * self._amplitude)
        return np.clip(noise, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
