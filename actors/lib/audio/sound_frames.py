"""What FFmpeg decodes, as 16-bit mono samples at one rate, whatever it changes to on the way."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from actors.lib.audio.channels import ChannelMixer
from actors.lib.audio.pcm import FULL_SCALE, Samples
from actors.lib.audio.resample import Resampler

LOWEST_HZ, HIGHEST_HZ = 1_000, 1_000_000
"""Recordings have 8 to 192 kHz. What lies outside is a damaged header, and a second of it at
1 Hz would be hours."""
MOST_CHANNELS = 64
"""Of an AIFF or WAV file of a studio."""

PLANAR = {"u8p": "u1", "s16p": "i2", "s32p": "i4", "fltp": "f4", "dblp": "f8"}
"""Formats with a plane for each channel, as FFmpeg and as NumPy call them."""


class SoundFormat(NamedTuple):
    """What may change within a file: MP3 and AAC are joined by appending, Ogg by chaining."""

    rate_hz: int
    channels: int


class FrameConverter:
    """Takes the frames of one file and returns samples."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._format: SoundFormat | None = None
        self._mixer = ChannelMixer(1, rate_hz)
        self._resampler = Resampler(rate_hz, rate_hz)

    def convert(self, frame: Any) -> list[Samples]:
        """Return what is ready after a frame.

        Raises:
            ValueError: the frame cannot be sound.
        """
        found = SoundFormat(frame.sample_rate, frame.layout.nb_channels)
        if not LOWEST_HZ <= found.rate_hz <= HIGHEST_HZ:
            raise ValueError(f"{found.rate_hz} samples a second")
        if not 1 <= found.channels <= MOST_CHANNELS:
            raise ValueError(f"{found.channels} channels")
        ready = []
        if found != self._format:
            ready.append(self.finish())
            self._format = found
            self._mixer = ChannelMixer(found.channels, found.rate_hz)
            self._resampler = Resampler(found.rate_hz, self._rate_hz)
        mono = self._mixer.mix(_blocks(frame, found.channels))
        ready.append(self._resampler.process(mono))
        return ready

    def finish(self) -> Samples:
        """Return what is held back; what comes next is a new stream."""
        if self._format is None or self._format.rate_hz == self._rate_hz:
            return np.zeros(0, np.int16)
        return self._resampler.process(np.zeros(0, np.int16), last=True)


def _planes(frame: Any, channels: int) -> NDArray[Any]:
    """PyAV finds more planes than there are from eight channels on, and reads any memory then."""
    kind = PLANAR[frame.format.name]
    planes = [np.frombuffer(plane, kind, frame.samples) for plane in frame.planes[:channels]]
    return np.stack(planes, axis=1)


def _blocks(frame: Any, channels: int) -> NDArray[np.int16]:
    """Return samples x channels of a frame in any of FFmpeg's formats."""
    if frame.format.is_planar:
        blocks = _planes(frame, channels)
    else:
        blocks = frame.to_ndarray().reshape(-1, channels)
    if blocks.dtype == np.int16:
        return blocks
    if blocks.dtype == np.uint8:
        return (blocks.astype(np.int16) - 128) << 8
    if blocks.dtype.kind == "i":
        return (blocks >> (8 * blocks.dtype.itemsize - 16)).astype(np.int16)
    # Damaged floats may be anything.
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = np.nan_to_num(blocks.astype(np.float64) * FULL_SCALE)
    return np.clip(np.round(scaled), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
