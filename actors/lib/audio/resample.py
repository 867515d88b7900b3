"""Change the sample rate of a stream, block by block."""

from __future__ import annotations

from typing import Any

import numpy as np

from actors.lib.audio.pcm import Samples

QUALITY = "LQ"
"""Flat to 80 % of the band, 16 bits clean, and holds back 1 ms (24 to 48 kHz) or 6 ms (48 to
16 kHz) where soxr's default holds back 21 to 32 ms: measured with blocks of 20 ms."""


class Resampler:
    """Turns blocks at one rate into blocks at another, without seams between them.

    The blocks that come out are of uneven length. Equal rates pass through.

    Args:
        from_hz: Rate of what goes in.
        to_hz: Rate of what comes out.
        steady: Hold back the same 10 ms always, where 24 to 16 kHz holds 2 to 20 ms otherwise;
            soxr's mode for rates that vary does so, in twice the time (30 us for 20 ms).
    """

    def __init__(self, from_hz: int, to_hz: int, *, steady: bool = False) -> None:
        self.from_hz = from_hz
        self.to_hz = to_hz
        self._stream: Any = None
        if from_hz != to_hz:
            import soxr

            self._stream = soxr.ResampleStream(
                from_hz, to_hz, 1, dtype="int16", quality=QUALITY, vr=steady
            )

    def process(self, samples: Samples, *, last: bool = False) -> Samples:
        """Return what is ready of the stream after `samples`; with `last`, all that is left.

        After `last` the next block begins a new stream.
        """
        if self._stream is None:
            return samples
        ready: Samples = self._stream.resample_chunk(np.ascontiguousarray(samples), last=last)
        if last:
            self._stream.clear()
        return ready

    def clear(self) -> None:
        """Forget what is held back; the next block begins a new stream."""
        if self._stream is not None:
            self._stream.clear()
