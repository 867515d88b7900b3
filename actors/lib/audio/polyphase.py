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
AT_A_TIME = 16
"""Steps in a row of the product of a block: between rates of telephones 2 ms of the 20. Of fewer
there are more rows, of more the greater part of the matrix is zeros: both take longer."""


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
        self._rates_hz = from_hz, to_hz
        self._matrix, self._before = _filter(from_hz, to_hz)
        shared = gcd(from_hz, to_hz)
        self._step = from_hz // shared
        self._grown = to_hz // shared
        self._product: BlockProduct | None = None
        """Of the sizes of the last block, which are nearly always those of the next."""
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
        sizes = len(self._waiting), len(samples)
        product = self._product
        if product is None or product.sizes != sizes:
            product = self._product = BlockProduct(self._rates_hz, sizes)
        ready, self._waiting = product.of(self._waiting, samples)
        self._given += len(ready)
        return ready


class BlockProduct:
    """The product of a block of one size, with room for all that it is made of.

    Args:
        rates_hz: Of what goes in, and of what comes out.
        sizes: Samples that waited, and of the block.
    """

    def __init__(self, rates_hz: tuple[int, int], sizes: tuple[int, int]) -> None:
        self.sizes = sizes
        matrix, _ = _filter(*rates_hz)
        shared = gcd(*rates_hz)
        step = rates_hz[0] // shared
        steps = max(0, (sum(sizes) - len(matrix)) // step + 1)
        self._taken = steps * step
        self._all: Matrix = np.empty(sum(sizes))
        self._waited, self._block = self._all[: sizes[0]], self._all[sizes[0] :]
        if steps % AT_A_TIME == 0:
            matrix, steps, step = _widened(*rates_hz), steps // AT_A_TIME, step * AT_A_TIME
        self._matrix = matrix
        strides = (step * self._all.itemsize, self._all.itemsize)
        # As `sliding_window_view`, which takes longer than all else here.
        self._windows = np.ndarray((steps, len(matrix)), np.float64, self._all, 0, strides)
        # Rows that overlap would be multiplied without BLAS.
        self._rows = np.empty(self._windows.shape)
        self._product: Matrix = np.empty((steps, matrix.shape[1]))
        # Arrays, as numbers would be made such each time.
        self._least, self._greatest = (np.full_like(self._product, x) for x in (LEAST, GREATEST))

    def of(self, waiting: Matrix, samples: Samples) -> tuple[Samples, Matrix]:
        """Return what comes out, and what waits for the next block."""
        self._waited[:] = waiting
        self._block[:] = samples
        self._rows[:] = self._windows
        sound = np.matmul(self._rows, self._matrix, self._product)
        np.rint(sound, sound)
        np.minimum(sound, self._greatest, out=sound)
        np.maximum(sound, self._least, out=sound)
        ready: Samples = sound.astype(np.int16).reshape(-1)
        # A place in what is overwritten by the next block of this size, once that is copied.
        return ready, self._all[self._taken :]


@cache
def _widened(from_hz: int, to_hz: int) -> Matrix:
    """Return the matrix of `AT_A_TIME` steps."""
    matrix, _ = _filter(from_hz, to_hz)
    step, (length, grown) = from_hz // gcd(from_hz, to_hz), matrix.shape
    wide = np.zeros((length + step * (AT_A_TIME - 1), grown * AT_A_TIME))
    for at in range(AT_A_TIME):
        wide[at * step : at * step + length, at * grown : (at + 1) * grown] = matrix
    return wide


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
