"""What a voice detector is, and how to get one by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from actors.hearing.vad.custom import CustomEngine, load_detector
from actors.lib.audio.pcm import Samples


class EngineName(StrEnum):
    """The voice detectors that come with greenroom."""

    SILERO = "silero"
    WEBRTC = "webrtc"
    ENERGY = "energy"


class Engine(Protocol):
    """Listens to one stream of 16 kHz sound and says how likely each window of it holds speech."""

    @property
    def window_samples(self) -> int:
        """Length of the windows it takes."""

    def reset(self) -> None:
        """Forget the stream so far."""

    def probability(self, window: Samples) -> float:
        """Return the probability, 0 to 1, that the next `window_samples` samples are speech."""

    @staticmethod
    def together(asked: Sequence[tuple[Any, Samples]]) -> list[float]:
        """Return the probabilities of the next windows of different streams.

        Args:
            asked: Engines of this kind that share what they have loaded, each with its window.
        """

    def save(self) -> bytes:
        """Return what it remembers of the stream, as far as that can be had."""

    def restore(self, saved: bytes) -> None:
        """Go on with the stream at whose end `saved` was saved."""


def load_engine(name: EngineName | str, folder: Path) -> Callable[[], Engine]:
    """Load a voice detector; the function returned makes one engine for each stream.

    Args:
        name: One that comes with greenroom, or `package.module:Class`, or `file.py:Class`.
        folder: Where the path of a file begins.

    Raises:
        ConfigError: there is no such class, or it is no voice detector.
    """
    match name:
        case EngineName.SILERO:
            from actors.hearing.vad.silero.engine import SileroEngine
            from actors.hearing.vad.silero.network import Network

            network = Network()
            return lambda: SileroEngine(network)
        case EngineName.WEBRTC:
            from actors.hearing.vad.webrtc import WebrtcEngine

            return WebrtcEngine
        case EngineName.ENERGY:
            from actors.hearing.vad.energy import EnergyEngine

            return EnergyEngine
        case _:
            detector = load_detector(name, folder)
            return lambda: CustomEngine(detector, name)
