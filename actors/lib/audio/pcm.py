"""Samples as the bytes of a frame and back: signed 16-bit little-endian mono."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UnusableFrameError

Samples = NDArray[np.int16]
"""A one-dimensional array of samples."""

SPEECH_RATE_HZ = 16_000
"""What every backend, voice detector and recogniser takes in."""
BLOCK_SAMPLES = 320
"""20 ms at 16 kHz: the block in which microphones send."""
BLOCKS_HZ = SPEECH_RATE_HZ / BLOCK_SAMPLES
SAMPLE_BYTES = 2
FULL_SCALE = 32_768.0
"""One above the greatest sample: 0 dBFS."""
SILENCE_DBFS = -96.0
"""Level of digital silence: what 16 bits can resolve."""
AUDIBLE = 32
"""Peak from which a sample is sound: -60 dB, below the noise of any loudspeaker."""

_WIRE = np.dtype("<i2")


def require_speech_rate(rate_hz: int, actor: str) -> None:
    """Return if a stream of so many samples a second can be listened to.

    Args:
        rate_hz: Of a block that came.
        actor: Who gets it, on its port `audio`.

    Raises:
        UnusableFrameError: it has another rate.
    """
    if rate_hz != SPEECH_RATE_HZ:
        raise UnusableFrameError(
            f"{actor}.audio gets sound at {rate_hz} Hz and takes {SPEECH_RATE_HZ}: "
            "set the rate of the actor that sends it"
        )


def to_samples(pcm: bytes) -> Samples:
    """Return the samples in `pcm`, read-only and without copying on little-endian machines.

    Raises:
        ValueError: an odd number of bytes.
    """
    return np.frombuffer(pcm, _WIRE).astype(np.int16, copy=False)


def to_pcm(samples: Samples) -> bytes:
    """Return `samples` as the bytes of a frame."""
    return samples.astype(_WIRE, copy=False).tobytes()


def silence(samples: int) -> bytes:
    """Return so many samples of silence, as the bytes of a frame."""
    return bytes(samples * SAMPLE_BYTES)


def level_dbfs(samples: Samples) -> float:
    """Return the RMS level in dB below full scale, `SILENCE_DBFS` at the least."""
    if not len(samples):
        return SILENCE_DBFS
    wide = samples.astype(np.float32)
    return power_dbfs(float(np.dot(wide, wide)) / len(samples))


def is_audible(samples: Samples) -> bool:
    """Return whether any of the samples is sound."""
    return bool(((samples > AUDIBLE) | (samples < -AUDIBLE)).any())


def power_dbfs(power: float) -> float:
    """Return the level of a mean square of samples, likewise."""
    # Of a power that fades for a minute so little is left that it divides to zero.
    relative = power / FULL_SCALE**2
    return max(SILENCE_DBFS, 10.0 * math.log10(relative)) if relative > 0.0 else SILENCE_DBFS


def samples_to_ns(samples: int, rate_hz: int = SPEECH_RATE_HZ) -> int:
    """Return how long so many samples take."""
    return samples * 1_000_000_000 // rate_hz
