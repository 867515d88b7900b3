"""Samples of answers in the form of a line."""

from __future__ import annotations

import numpy as np

from actors.gateway.phone.dialect import Encoding, LineSound
from actors.gateway.phone.sound.line_decoder import require_line_rate
from actors.lib.audio import g711
from actors.lib.audio.pcm import Samples, to_pcm
from actors.lib.audio.prompt_resampler import PromptResampler
from actors.outputs.playout.playout_state import RATE_HZ


class LineEncoder:
    """Turns samples at 24 kHz, in blocks of any size, into bytes of a line.

    Holds back 2 ms at 8 kHz, nothing at 24.

    Raises:
        UnreadableSoundError: there are no lines of such a rate.
    """

    def __init__(self, sound: LineSound) -> None:
        require_line_rate(sound)
        self._encoding = sound.encoding
        self._resampler = PromptResampler(RATE_HZ, sound.rate_hz)

    def feed(self, samples: Samples) -> bytes:
        """Return what is ready after the next samples."""
        return encode(self._resampler.process(samples), self._encoding)

    def flush(self) -> bytes:
        """Return what is held back, at the end of an answer; what comes next is a new stream."""
        rest = self._resampler.process(np.zeros(0, np.int16), last=True)
        return encode(rest, self._encoding)

    def clear(self) -> None:
        """Forget what is held back, of an answer that is cut short."""
        self._resampler.clear()


def encode(samples: Samples, encoding: Encoding) -> bytes:
    """Return samples, of the rate of the line already, as its bytes."""
    match encoding:
        case Encoding.MULAW:
            return g711.encode(samples, g711.mulaw_codes())
        case Encoding.ALAW:
            return g711.encode(samples, g711.alaw_codes())
        case Encoding.PCM16:
            return to_pcm(samples)


def line_silence(sound: LineSound, milliseconds: float) -> bytes:
    """Return silence in the form of a line."""
    samples = round(sound.rate_hz * milliseconds / 1000)
    return encode(np.zeros(samples, np.int16), sound.encoding)
