"""Far-end buffer: what the loudspeaker played lately, at the microphone's rate."""

from __future__ import annotations

import numpy as np

from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples, is_audible, to_samples
from actors.lib.audio.resample import Resampler
from pipeline.frames import Audio

KEPT_SAMPLES = 3 * SPEECH_RATE_HZ
"""The latest echo comes half a second after its sound, and a device may hold two seconds."""
HUSHED_SAMPLES = SPEECH_RATE_HZ // 2
"""Of silence, after which a hole is none: of a long silence a player leaves pieces out."""

NOTHING: Samples = np.empty(0, np.int16)


class FarEndBuffer:
    """Samples at 16 kHz by index: that of the speaker's own position, at this rate.

    What is missing, after a restart of the speaker or beyond what has come, is silence; and so is
    what a player leaves out of a long silence.
    """

    def __init__(self) -> None:
        self.end = 0
        """Index of the next sample to come."""
        self.gaps = 0
        self.is_hushed = False
        """Whether pieces were left out before the newest, all in a silence."""
        self._audible_end = 0
        """Index after the last sample that can be heard."""
        self._held = NOTHING
        self._resampler = Resampler(SPEECH_RATE_HZ, SPEECH_RATE_HZ)
        self._next = -1

    @property
    def start(self) -> int:
        """Index of the oldest sample held."""
        return self.end - len(self._held)

    def push(self, frame: Audio) -> bool:
        """Take a block; what came before, sent again, is left out.

        Returns:
            Whether it was new.
        """
        if frame.rate_hz != self._resampler.from_hz:
            self._resampler = Resampler(frame.rate_hz, SPEECH_RATE_HZ, steady=True)
            self._next = -1
        if 0 <= frame.position < self._next:
            return False
        self.is_hushed = False
        if frame.position != self._next:
            self.is_hushed = self._next >= 0 and self._audible_end + HUSHED_SAMPLES <= self.end
            self.gaps += self._next >= 0 and not self.is_hushed
            self._resampler.clear()
            self._go_to(frame.position * SPEECH_RATE_HZ // frame.rate_hz)
        self._next = frame.position + frame.samples
        self._append(self._resampler.process(to_samples(frame.pcm)))
        return True

    def read(self, first: int, count: int) -> Samples:
        """Return `count` samples from index `first` on."""
        begin, end = max(first, self.start), min(first + count, self.end)
        if (begin, end) == (first, first + count):
            return self._held[begin - self.start : end - self.start]
        out = np.zeros(count, np.int16)
        if begin < end:
            out[begin - first : end - first] = self._held[begin - self.start : end - self.start]
        return out

    def sounds(self, first: int, count: int) -> bool:
        """Whether anything is to be heard among these samples."""
        return first < self._audible_end and is_audible(self.read(first, count))

    def _go_to(self, index: int) -> None:
        missing = index - self.end
        if 0 <= missing <= KEPT_SAMPLES:
            self._append(np.zeros(missing, np.int16))
        else:
            self._held, self.end = NOTHING, index

    def _append(self, samples: Samples) -> None:
        self._held = np.concatenate([self._held, samples])[-KEPT_SAMPLES:]
        self.end += len(samples)
        if is_audible(samples):
            self._audible_end = self.end
