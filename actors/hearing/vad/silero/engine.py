"""The Silero voice detector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from actors.hearing.vad.silero.network import (
    CONTEXT_SAMPLES,
    INPUT_SAMPLES,
    PADDING_SAMPLES,
    UNITS,
    WINDOW_SAMPLES,
    Network,
)
from actors.lib.audio.pcm import Samples

_TO_UNIT = np.float32(1 / 32_768)
_NEWEST = slice(INPUT_SAMPLES - CONTEXT_SAMPLES, INPUT_SAMPLES)
"""Where the context of the next window is, before it is moved to the front."""


class SileroEngine:
    """One stream's state on a shared network."""

    window_samples = WINDOW_SAMPLES

    def __init__(self, network: Network) -> None:
        self._network = network
        self._sound = np.zeros(INPUT_SAMPLES + PADDING_SAMPLES, np.float32)
        self._state = np.zeros((2, UNITS), np.float32)

    def reset(self) -> None:
        """Forget the stream so far."""
        self._sound[:] = 0.0
        self._state[:] = 0.0

    def probability(self, window: Samples) -> float:
        """Return the probability that the next 512 samples are speech."""
        self._load_window(window)
        return self._network.step(self._sound, self._state)

    @staticmethod
    def together(asked: Sequence[tuple[SileroEngine, Samples]]) -> list[float]:
        """Return the probabilities of windows of different streams on one network."""
        if len(asked) == 1:
            return [engine.probability(window) for engine, window in asked]
        for engine, window in asked:
            engine._load_window(window)
        engines = [engine for engine, _ in asked]
        states = np.stack([engine._state for engine in engines])
        sounds = np.stack([engine._sound for engine in engines])
        probabilities: list[float] = engines[0]._network.steps(sounds, states).tolist()
        for engine, state in zip(engines, states, strict=True):
            engine._state[:] = state
        return probabilities

    def _load_window(self, window: Samples) -> None:
        self._sound[:CONTEXT_SAMPLES] = self._sound[_NEWEST]
        np.multiply(window, _TO_UNIT, out=self._sound[CONTEXT_SAMPLES:INPUT_SAMPLES])

    def save(self) -> bytes:
        """Return state and context: 1,280 bytes."""
        return self._state.tobytes() + self._sound[_NEWEST].tobytes()

    def restore(self, saved: bytes) -> None:
        """Go on with what was saved."""
        if not saved:
            self.reset()
            return
        values = np.frombuffer(saved, np.float32)
        self._state[:] = values[:-CONTEXT_SAMPLES].reshape(self._state.shape)
        self._sound[_NEWEST] = values[-CONTEXT_SAMPLES:]
