"""Noise mixing: a recording with silence around it, and noise at an SNR. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actors.lib.audio.pcm import BLOCK_SAMPLES, SPEECH_RATE_HZ, Samples

LEAD_S = 1.0
"""Before the recording: a microphone that is on has heard the room before anybody speaks."""
ACTIVE_BELOW_LOUDEST_DB = 25.0
"""Blocks that are softer than the loudest by more are pauses, and do not count for the level of the
speech. Syllables differ by less; ITU-T P.56 measures the active level for the same reason."""
NOISE_SEED = 1
"""The same noise for every variant."""
FULL_SCALE = 32_767
LOWEST_NOISE_HZ = 50.0
"""Below that microphones for speech hear next to nothing, and pink noise has most of its power."""

Wave = NDArray[np.float64]


def with_noise(
    recording: Samples, tail_s: float, snr_db: float | None = None, noise: Samples | None = None
) -> Samples:
    """Return the recording with `LEAD_S` before it and `tail_s` behind, over which noise lies.

    Args:
        recording: 16 kHz.
        tail_s: For the turn to be ended in.
        snr_db: Power of the speech over that of the noise; None is none: digital silence around.
        noise: 16 kHz, repeated as often as needed; None is pink noise.
    """
    lead, tail = (round(each * SPEECH_RATE_HZ) for each in (LEAD_S, tail_s))
    sound = np.pad(recording.astype(np.float64), (lead, tail))
    if snr_db is not None:
        background = pink(len(sound)) if noise is None else np.resize(noise, len(sound))
        background = background.astype(np.float64)
        wanted = active_power(recording) / 10 ** (snr_db / 10)
        sound += background * np.sqrt(wanted / max(float(np.mean(background**2)), 1e-9))
    # What is louder than full scale is made softer as a whole: clipping would be noise of its own.
    peak = float(np.abs(sound).max(initial=0.0))
    return (sound * min(1.0, FULL_SCALE / max(peak, 1.0))).round().astype(np.int16)


def active_power(samples: Samples) -> float:
    """Return the mean power of the blocks of 20 ms in which somebody speaks."""
    count = max(1, len(samples) // BLOCK_SAMPLES)
    wide = samples[: count * BLOCK_SAMPLES].astype(np.float64)
    powers = np.array([np.mean(block**2) for block in np.array_split(wide, count)])
    active = powers[powers >= powers.max() / 10 ** (ACTIVE_BELOW_LOUDEST_DB / 10)]
    return float(active.mean())


def pink(count: int) -> Wave:
    """Return noise whose power falls by 3 dB per octave, as that of rooms does, roughly."""
    spectrum = np.fft.rfft(np.random.default_rng(NOISE_SEED).standard_normal(count))
    hz = np.fft.rfftfreq(count, 1 / SPEECH_RATE_HZ)
    shape = np.zeros_like(hz)
    shape[hz >= LOWEST_NOISE_HZ] = 1 / np.sqrt(hz[hz >= LOWEST_NOISE_HZ])
    return np.fft.irfft(spectrum * shape, count)
