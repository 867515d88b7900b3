"""The sound that says "I am listening": two short rising tones, made here."""

from __future__ import annotations

from functools import cache

import numpy as np

from actors.lib.audio.pcm import Samples
from actors.outputs.playout.playout_state import RATE_HZ

TONES_HZ = (660.0, 880.0)
"""A fourth upwards, as doors and lifts ask for attention. No voice detector takes a tone for a
voice."""
TONE_SAMPLES = RATE_HZ * 70 // 1000
"""Over before a word of the user's could begin: a person takes 0.2 s to answer a sound."""
PEAK = 3300
"""-20 dBFS, the level of soft speech."""
NO_CHIME: Samples = np.empty(0, np.int16)


@cache
def listening_chime() -> Samples:
    """Return the sound at `RATE_HZ`."""
    at = np.arange(TONE_SAMPLES)
    # No clicks: each tone swells and dies away.
    swell = np.sin(np.pi * at / TONE_SAMPLES)
    tones = [swell * np.sin(2 * np.pi * hz * at / RATE_HZ) for hz in TONES_HZ]
    return np.asarray(np.concatenate(tones) * PEAK, np.int16)


def mixed(samples: Samples, chime: Samples) -> tuple[Samples, Samples]:
    """Return a block with as much of a chime in it as fits, and the rest of the chime."""
    count = min(len(samples), len(chime))
    sum_ = samples.astype(np.int32)
    sum_[:count] += chime[:count]
    return np.clip(sum_, -32768, 32767).astype(np.int16), chime[count:]
