"""Mu-law and A-law of ITU-T G.711 by tables, as the reference software of ITU-T G.191 has them.

Python's own, `audioop`, is gone since 3.13.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from actors.lib.audio.pcm import Samples

Codes = NDArray[np.uint8]

MULAW_BIAS = 33
"""Added to magnitudes of 14 bits, so that each segment begins with a power of two."""
MULAW_MOST = 0x1FFF
ALAW_TOGGLED = 0x55
"""Every other bit is inverted on the line."""
POSITIVE = 0x80


@cache
def mulaw_levels() -> Samples:
    """Return the sample of each code."""
    codes = np.arange(256)
    bits = ~codes
    segment, step = (bits >> 4) & 7, bits & 15
    magnitude = (((step * 2 + MULAW_BIAS) << segment) - MULAW_BIAS) << 2
    levels: Samples = np.where(codes & POSITIVE, magnitude, -magnitude).astype(np.int16)
    return levels


@cache
def alaw_levels() -> Samples:
    """Return the sample of each code."""
    bits = np.arange(256) ^ ALAW_TOGGLED
    segment, step = (bits >> 4) & 7, bits & 15
    doubled = np.where(segment, step * 2 + 33, step * 2 + 1)
    magnitude = (doubled << np.maximum(segment - 1, 0)) << 3
    levels: Samples = np.where(bits & POSITIVE, magnitude, -magnitude).astype(np.int16)
    return levels


@cache
def mulaw_codes() -> Codes:
    """Return the code of each sample, which as a number without sign is the index."""
    samples = _all_samples()
    magnitude = np.minimum((_magnitudes(samples) >> 2) + MULAW_BIAS, MULAW_MOST)
    segment = _bits(magnitude) - 6
    code = (segment << 4) | ((magnitude >> (segment + 1)) & 15)
    codes: Codes = (~np.where(samples < 0, code | 0x80, code) & 0xFF).astype(np.uint8)
    return codes


@cache
def alaw_codes() -> Codes:
    """Return the code of each sample, which as a number without sign is the index."""
    samples = _all_samples()
    magnitude = _magnitudes(samples) >> 4
    segment = np.maximum(_bits(magnitude) - 4, 0)
    code = (segment << 4) | ((magnitude >> np.maximum(segment - 1, 0)) & 15)
    bits = np.where(samples < 0, code, code | POSITIVE) ^ ALAW_TOGGLED
    codes: Codes = bits.astype(np.uint8)
    return codes


def decode(payload: bytes, levels: Samples) -> Samples:
    """Return the samples of codes."""
    samples: Samples = levels.take(np.frombuffer(payload, np.uint8))
    return samples


def encode(samples: Samples, codes: Codes) -> bytes:
    """Return the codes of samples."""
    return codes.take(np.ascontiguousarray(samples, np.int16).view(np.uint16)).tobytes()


def _all_samples() -> NDArray[np.int64]:
    return np.arange(65_536).astype(np.uint16).view(np.int16).astype(np.int64)


def _magnitudes(samples: NDArray[np.int64]) -> NDArray[np.int64]:
    """As G.191 has it: those of negative samples are one less."""
    return np.where(samples < 0, ~samples, samples)


def _bits(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many bits numbers have."""
    exponents: NDArray[np.int64] = np.frexp(numbers.astype(np.float64))[1].astype(np.int64)
    return exponents
