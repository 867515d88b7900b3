"""Sound files, as encoders give them."""

from __future__ import annotations

import io

import av
import numpy as np
from numpy.typing import NDArray

TONE_HZ = 440


def tone(seconds: float, rate: int = 24_000, hz: float = TONE_HZ) -> NDArray[np.int16]:
    """Return samples of a tone, as answers are unless another rate is given."""
    at = np.arange(int(seconds * rate)) / rate
    return (8000 * np.sin(2 * np.pi * hz * at)).astype(np.int16)


def sound_file(
    container: str, codec: str, rate: int, seconds: float = 2.0, hz: float = TONE_HZ
) -> bytes:
    """Return a mono file of a tone."""
    return encoded(container, codec, rate, tone(seconds, rate, hz))


def encoded(container: str, codec: str, rate: int, samples: NDArray[np.int16]) -> bytes:
    """Return a mono file of these samples."""
    written = io.BytesIO()
    with av.open(written, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(samples[None], "s16", "mono")
        frame.rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    return written.getvalue()
