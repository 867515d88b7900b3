"""Whether a wake word was the robot's own: what it says comes back by the microphone."""

from __future__ import annotations

from actors.hearing.wake.detector import WakeWords
from actors.lib.audio.pcm import SPEECH_RATE_HZ, is_audible, to_pcm, to_samples
from actors.lib.audio.resample import Resampler
from pipeline.frames import Audio

ECHO_NS = 1_500_000_000
"""How far an echo may be from its sound: 0.5 s of a Bluetooth device that was not said of it, and
1 s by which the detector may be later in the one than in the other."""


class OwnVoice:
    """Listens to what the loudspeaker plays, for the same words and sooner satisfied."""

    def __init__(self, words: WakeWords) -> None:
        self._words = words
        self._resampler = Resampler(SPEECH_RATE_HZ, SPEECH_RATE_HZ)
        self._is_silent = True
        self._said_ns: int | None = None

    def hear(self, frame: Audio) -> None:
        """Take what is played; `origin_ns` says when its last sample is heard."""
        samples = to_samples(frame.pcm)
        if frame.rate_hz != self._resampler.from_hz:
            self._resampler = Resampler(frame.rate_hz, SPEECH_RATE_HZ, steady=True)
        was_silent, self._is_silent = self._is_silent, not is_audible(samples)
        if self._is_silent and was_silent:
            return
        if was_silent:
            self._resampler.clear()
            self._words.begin_anew()
        if self._words.hear(to_pcm(self._resampler.process(samples))):
            self._said_ns = frame.origin_ns

    def said_it(self, at_ns: int) -> bool:
        """Return whether a word heard at a monotonic time may be the echo of one played."""
        return self._said_ns is not None and abs(at_ns - self._said_ns) < ECHO_NS
