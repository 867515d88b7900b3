"""WebRTC voice detector: takes next to no memory and processor time; noise misleads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples, to_pcm

AGGRESSIVENESS = 3
"""0 to 3; even the strictest takes much noise for speech."""
LEARNING_WINDOWS = 5
"""Its model of the noise begins with a guess: the first 3 to 5 windows of any noise are speech."""


class WebrtcEngine:
    """Answers 0 or 1."""

    window_samples = 480  # 30 ms, the longest it takes, and so the steadiest.

    def __init__(self) -> None:
        self._vad: Any = None
        self._to_learn = 0
        self.reset()

    def reset(self) -> None:
        """Forget the stream so far."""
        import webrtcvad

        self._vad = webrtcvad.Vad(AGGRESSIVENESS)
        self._to_learn = LEARNING_WINDOWS

    def probability(self, window: Samples) -> float:
        """Return 1 if the next 480 samples are speech, else 0."""
        speech = self._vad.is_speech(to_pcm(window), SPEECH_RATE_HZ)
        if self._to_learn:
            self._to_learn -= 1
            return 0.0
        return float(speech)

    @staticmethod
    def together(asked: Sequence[tuple[WebrtcEngine, Samples]]) -> list[float]:
        """Return the probabilities of the next windows of different streams."""
        return [engine.probability(window) for engine, window in asked]

    def save(self) -> bytes:
        """Return nothing: the library keeps its state to itself."""
        return b""

    def restore(self, saved: bytes) -> None:
        """Begin anew, but believe the first windows: they may be in mid-word."""
        self.reset()
        self._to_learn = 0
