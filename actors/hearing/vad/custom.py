"""Custom voice detectors: a class with two methods, from outside the repository."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, cast

from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples
from pipeline.errors import ConfigError, GreenroomError
from pipeline.importing import load_object

MOST_WINDOW_SAMPLES = SPEECH_RATE_HZ // 4
"""A turn begins and ends at windows: with longer ones than 250 ms no pause between words shows."""
METHODS = ("probability", "reset")


class EngineError(GreenroomError):
    """A voice detector of somebody else raised, or returned no probability."""


class VoiceDetector(Protocol):
    """What a class must have to be named as `engine`. One is made for each session.

    It is made without arguments and may load what it needs then. With `save() -> bytes` and
    `restore(saved: bytes)` too it goes on after a crash where it was; without them, it begins anew.
    """

    window_samples: int
    """Length of the windows it takes: up to 4,000 samples of 16 kHz mono, 250 ms."""

    def probability(self, window: Samples) -> float:
        """Return how likely it is, 0 to 1, that the next window holds speech.

        Args:
            window: `window_samples` samples, int16, -32,768 to 32,767. Windows follow one another
                without gap or overlap. It is yours: keep it or write into it.
        """

    def reset(self) -> None:
        """Forget the sound so far: what comes next does not go on from it."""


def load_detector(reference: str, folder: Path) -> Callable[[], VoiceDetector]:
    """Return the class that a config names.

    Raises:
        ConfigError: there is no such class, or a method is missing.
    """
    found = load_object(reference, folder, lambda item: isinstance(item, type), "Class")
    missing = [name for name in METHODS if not callable(getattr(found, name, None))]
    if missing:
        raise ConfigError(
            f"{reference} is no voice detector: it has no method {' and no '.join(missing)}"
        )
    return cast("Callable[[], VoiceDetector]", found)


class CustomEngine:
    """One stream's detector, with the rest of what an engine is."""

    def __init__(self, make: Callable[[], VoiceDetector], name: str) -> None:
        """Make the detector.

        Raises:
            ConfigError: it cannot be made, or its windows have no length that will do.
        """
        self._name = name
        try:
            self._detector = make()
        except Exception as error:
            raise ConfigError(f"engine {name} cannot be made: {error!r}") from error
        length = getattr(self._detector, "window_samples", None)
        if not (isinstance(length, int) and 0 < length <= MOST_WINDOW_SAMPLES):
            raise ConfigError(
                f"engine {name}: window_samples is to be the length of its windows at 16 kHz, "
                f"1 to {MOST_WINDOW_SAMPLES}, not {length!r}"
            )
        self.window_samples = length

    def reset(self) -> None:
        """Forget the stream so far."""
        try:
            self._detector.reset()
        except Exception as error:
            raise EngineError(f"engine {self._name} raised in reset: {error!r}") from error

    def probability(self, window: Samples) -> float:
        """Return the probability that the next window is speech.

        Raises:
            EngineError: the detector raised, or returned something else.
        """
        try:
            probability = float(self._detector.probability(window.copy()))
        except Exception as error:
            raise EngineError(f"engine {self._name} raised in probability: {error!r}") from error
        if not 0 <= probability <= 1:
            raise EngineError(f"engine {self._name} returned {probability}, not 0 to 1")
        return probability

    @staticmethod
    def together(asked: Sequence[tuple[CustomEngine, Samples]]) -> list[float]:
        """Return the probabilities of the next windows of different streams."""
        return [engine.probability(window) for engine, window in asked]

    def save(self) -> bytes:
        """Return what the detector remembers, if it can tell."""
        save = getattr(self._detector, "save", None)
        return bytes(save()) if save is not None else b""

    def restore(self, saved: bytes) -> None:
        """Go on with what was saved, or begin anew."""
        restore = getattr(self._detector, "restore", None)
        if saved and restore is not None:
            restore(saved)
        else:
            self.reset()
