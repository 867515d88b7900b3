"""How the simulator speaks."""

from functools import lru_cache
from typing import Literal, Protocol

import numpy as np

from actors.lib.speech.synthesizer import CACHED_SENTENCES, VOICE_RATE_HZ, HibariSynthesizer

# The tone lasts as long as a person would take for the text.
TONE_MS_PER_LETTER = 60
TONE_HZ = 220.0
TONE_AMPLITUDE = 8000


class TextToSpeech(Protocol):
    """Speaks. `speak` gives PCM16 mono at VOICE_RATE_HZ."""

    async def start(self) -> None:
        """Loads what is needed."""

    async def speak(self, sentence: str) -> bytes:
        """The sentence as audio."""

    async def stop(self) -> None:
        """Frees the worker."""


class ToneTextToSpeech:
    """A tone as long as the sentence: cheap, and easy to recognise in a test."""

    async def start(self) -> None:
        pass

    async def speak(self, sentence: str) -> bytes:
        return tone(len(sentence))

    async def stop(self) -> None:
        pass


def make_tts(kind: Literal["hibari", "tone"], seed: int) -> TextToSpeech:
    """Speech synthesis of that name."""
    return HibariSynthesizer(seed) if kind == "hibari" else ToneTextToSpeech()


@lru_cache(maxsize=CACHED_SENTENCES)
def tone(letters: int) -> bytes:
    """A sine as long as so many letters are to speak."""
    samples = np.arange(letters * TONE_MS_PER_LETTER * VOICE_RATE_HZ // 1000)
    wave = np.sin(samples * (2 * np.pi * TONE_HZ / VOICE_RATE_HZ)) * TONE_AMPLITUDE
    return bytes(wave.astype("<i2").tobytes())
