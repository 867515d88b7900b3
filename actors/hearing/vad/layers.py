"""What the networks are built of that numpy has not."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]


def padded_triples(frames: Floats, stride: int) -> Floats:
    """Return the input of a convolution of width 3, a row for each of its outputs.

    Args:
        frames: Shape (n, count, channels); a frame of zeros is put before and after the `count`.
        stride: By how many frames a row is further than the one before.
    """
    streams, count, channels = frames.shape
    padded = np.zeros((streams, count + 2, channels), np.float32)
    padded[:, 1:-1] = frames
    block, row, column = padded.strides
    shape = (streams, (count - 1) // stride + 1, 3 * channels)
    view = np.ndarray(shape, np.float32, padded, 0, (block, stride * row, column))
    return view.reshape(-1, 3 * channels)
