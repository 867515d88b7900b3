"""How loud a sound is over time, as a picture of it shows. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from actors.lib.audio.pcm import FULL_SCALE, Samples
from actors.recordings.runs import RATE_HZ

COLUMNS = 3000
"""Of a waveform: a little more than a wide picture has pixels."""

Curve = NDArray[np.float64]


class Envelope(NamedTuple):
    """Times in seconds, and the least and greatest level there, 1 being full scale."""

    at_s: Curve
    low: Curve
    high: Curve


def window_of(count: int) -> int:
    """Return in pieces of how many samples `envelope` wants a sound of `count`: one a column."""
    return max(1, count // COLUMNS)


def envelopes(
    windows: Iterable[tuple[Samples, ...]], size: int, rate_hz: int = RATE_HZ
) -> tuple[Envelope, ...]:
    """Return what several sounds, equally long, look like.

    Args:
        windows: Of all of them; only the last may be shorter.
        size: Samples in each.
        rate_hz: Of all of them.
    """
    extremes = [[(int(side.min()), int(side.max())) for side in each] for each in windows]
    at_s = (np.arange(len(extremes)) * size + size / 2) / rate_hz
    sides = np.array(extremes, np.float64).reshape(len(extremes), -1, 2) / FULL_SCALE
    return tuple(Envelope(at_s, side[:, 0], side[:, 1]) for side in sides.swapaxes(0, 1))
