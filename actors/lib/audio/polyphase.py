"""Change the sample rate of a stream, where both rates are those of telephones: by one product."""

from __future__ import annotations

from functools import cache
from math import gcd

import numpy as np
from numpy.typing import NDArray

from actors.lib.audio.pcm import Samples

Matrix = NDArray[np.float64]

HELD_BACK_S = 0.002
"""Between 8 kHz and any other rate, and half as long between 16 and 24: 63 dB are gone 15 % above
the band."""
LEAST, GREATEST = -32_768.0, 32_767.0
BETA = 8.0
"""Of Kaiser's window: what is folded back is 80 dB fainter (`benchmarks.telephone_sound`)."""
MOST_HZ = 24_000
"""From 48 kHz on FFmpeg's resampler takes less time."""
MOST_STEP = 24
"""Samples that are taken at a time: what is less waits, and 24 are 1.5 ms at 16 kHz."""


def fits(from_hz: int, to_hz: int) -> bool:
    """Whether it is the quickest way between two rates, and holds next to nothing back."""
    return max(from_hz, to_hz) <= MOST_HZ and from_hz // gcd(from_hz, to_hz) <= MOST_STEP


class Polyphase:
    """A filter of finite length without delay of its own: what comes out is where it went in.

    Of each step of the shortest span that both rates divide, the samples are a product of those
    that go in and a constant matrix. A block of 20 ms takes half of the time that it takes
    FFmpeg's resampler, which makes frames of it.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._matrix, self._before = _filter(from_hz, to_hz)
        shared = gcd(from_hz, to_hz)
        self._step = from_hz // shared
        self._grown = to_hz // shared
        self._taken = 0
        self._given = 0
        # The first sample that comes out is the one that went in first.
        self._waiting: Matrix = np.zeros(len(self._matrix) - self._step - self._before)

    def feed(self, samples: Samples) -> Samples:
        """Return what is ready after the next samples."""
        self._taken += len(samples)
        return self._ready(samples)

    def finish(self) -> Samples:
        """Return what is held back, at the end of the stream."""
        left = -(-self._taken * self._grown // self._step) - self._given
        return self._ready(np.zeros(self._before + self._step, np.int16))[:left]

    def _ready(self, samples: Samples) -> Samples:
        waiting = np.concatenate([self._waiting, samples])
        length = len(self._matrix)
        steps = max(0, (len(waiting) - length) // self._step + 1)
        self._waiting = waiting[steps * self._step :]
        if not steps:
            return np.zeros(0, np.int16)
        strides = (self._step * waiting.itemsize, waiting.itemsize)
        # As `sliding_window_view` and `clip`, which take longer than all else here.
        windows = np.ndarray((steps, length), np.float64, waiting.data, 0, strides)
        sound = np.rint(windows @ self._matrix)
        np.maximum(np.minimum(sound, GREATEST, out=sound), LEAST, out=sound)
        ready: Samples = sound.astype(np.int16).reshape(-1)
        self._given += len(ready)
        return ready


@cache
def _filter(from_hz: int, to_hz: int) -> tuple[Matrix, int]:
    """Return the matrix of a step, and how many samples after one it looks at."""
    shared = gcd(from_hz, to_hz)
    step, grown = from_hz // shared, to_hz // shared
    lowest_hz = min(from_hz, to_hz)
    before = max(1, round(HELD_BACK_S * from_hz * 8000 / lowest_hz))
    half = before * grown
    at = np.arange(-half, half + 1)
    cycles = lowest_hz / (from_hz * grown)
    taps = np.kaiser(len(at), BETA) * np.sinc(at * cycles)
    history = 2 * before
    rows = history + step
    # Row: a sample that went in; column: one that comes out.
    nearest = np.arange(grown) * step - (np.arange(rows)[:, None] - history) * grown
    inside = (nearest >= 0) & (nearest <= 2 * half)
    matrix = np.where(inside, taps[np.clip(nearest, 0, 2 * half)], 0.0)
    # What does not change at all stays as it is.
    return matrix / matrix.sum(axis=0), before
