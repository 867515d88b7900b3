"""Quiet sound made louder for a voice detector: detectors are trained on speech of usual level."""

from __future__ import annotations

import math
import struct

import numpy as np

from actors.lib.audio.pcm import SILENCE_DBFS, SPEECH_RATE_HZ, Samples, power_dbfs

TARGET_DBFS = -26.0
"""Active speech as recorded for training, ITU-T P.56."""
MOST_DB = 24
"""Silero hears speech down to -55 dBFS by itself; with this down to where 16 bits hold nothing of
the softer syllables. With more, what is left of an echo would be heard as well."""
FLOOR_DBFS = -46.0
"""Noise is made no louder than this, which is 20 dB below the speech; Silero takes noise of any
colour up to -30 dBFS for none: benchmarks/quiet.py."""
FORGET_DB_PER_S = 0.5
"""Somebody who speaks 20 dB more softly than the one before, across the room, is heard after 40 s;
the pauses of a conversation change little."""
RISE_DB_PER_S = 3.0
"""A fan that is switched on is background after seconds, a sentence is not."""
FALL = 0.3
"""Part of the way down to a softer window: the floor is there in the first pause."""
SYLLABLE_S = 0.1
"""What is louder for a shorter time, a click or a door, says nothing about the voices."""

SAVED = struct.Struct("<ddd")
"""What a level is saved as."""


class LevelControl:
    """Follows the level of one stream and amplifies its windows; never makes one softer."""

    def __init__(self, most_db: float = MOST_DB) -> None:
        """Begin; `most_db` is the greatest gain."""
        self._most_db = most_db
        self._loud_dbfs = SILENCE_DBFS
        self._floor_dbfs = math.nan
        self._syllable = 0.0
        self._wide = np.zeros(0, np.float32)
        self._ones = self._wide

    def amplify(self, window: Samples) -> Samples:
        """Return the window as loud as it should be, without a constant offset."""
        if not self._most_db:
            return window
        count = len(window)
        if len(self._wide) != count:
            self._wide, self._ones = np.zeros(count, np.float32), np.ones(count, np.float32)
        # Methods of arrays and ufuncs with a place for the result: what numpy wraps in Python, such
        # as `mean` and `clip`, takes twice as long.
        wide = self._wide
        wide[:] = window
        np.subtract(wide, wide.dot(self._ones) / count, out=wide)
        gain_db = self._follow(float(wide.dot(wide)) / count, count / SPEECH_RATE_HZ)
        if gain_db <= 0.0:
            return window
        np.multiply(wide, 10 ** (gain_db / 20), out=wide)
        np.rint(wide, out=wide)
        np.minimum(wide, 32_767, out=wide)
        np.maximum(wide, -32_768, out=wide)
        amplified: Samples = wide.astype(np.int16)
        return amplified

    def save(self) -> bytes:
        """Return what it knows of the stream."""
        return SAVED.pack(self._loud_dbfs, self._floor_dbfs, self._syllable)

    def restore(self, saved: bytes) -> None:
        """Go on with what was saved."""
        self._loud_dbfs, self._floor_dbfs, self._syllable = SAVED.unpack(saved)

    def _follow(self, power: float, lasts_s: float) -> float:
        """Learn from a window; return the gain for it."""
        level = power_dbfs(power)
        if math.isnan(self._floor_dbfs):
            self._floor_dbfs = level
        elif level < self._floor_dbfs:
            self._floor_dbfs += FALL * (level - self._floor_dbfs)
        else:
            self._floor_dbfs = min(level, self._floor_dbfs + RISE_DB_PER_S * lasts_s)
        self._syllable += (power - self._syllable) * min(1.0, lasts_s / SYLLABLE_S)
        self._loud_dbfs = max(
            self._loud_dbfs - FORGET_DB_PER_S * lasts_s, power_dbfs(self._syllable)
        )
        wanted = TARGET_DBFS - max(self._loud_dbfs, level)
        return min(wanted, FLOOR_DBFS - self._floor_dbfs, self._most_db)
