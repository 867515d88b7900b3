"""How the simulator speaks."""

from functools import lru_cache
from typing import Literal, Protocol

import numpy as np

from actors.lib.languages.tags import base_of, script_of, written_in
from actors.lib.speech.synthesizer import CACHED_SENTENCES, VOICE_RATE_HZ, HibariSynthesizer
from actors.lib.speech.voices import Voices
from pipeline.languages import languages_of

# The tone lasts as long as a person would take for the text.
TONE_MS_PER_LETTER = 60
TONE_HZ = 220.0
TONE_AMPLITUDE = 8000
HAN = ("zh", "ja")
"""A sentence in Chinese signs alone may be Japanese."""


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


class VoicesTextToSpeech:
    """Speaks every sentence in the language of its script, or else in one of its own."""

    def __init__(self, language: str) -> None:
        self._voices = Voices()
        self._language = language

    async def start(self) -> None:
        await self._voices.start(self._language)

    async def speak(self, sentence: str) -> bytes:
        script = written_in(sentence)
        own = script_of(self._language) == script or (script, base_of(self._language)) == HAN
        return await self._voices.speak(sentence, self._language if own else script or "en")

    async def stop(self) -> None:
        await self._voices.stop()


def make_tts(
    kind: Literal["hibari", "tone", "voices"], seed: int, language: str | None = None
) -> TextToSpeech:
    """Speech synthesis of that name."""
    if kind == "voices":
        return VoicesTextToSpeech((languages_of(language) or ("en",))[0])
    return HibariSynthesizer(seed) if kind == "hibari" else ToneTextToSpeech()


@lru_cache(maxsize=CACHED_SENTENCES)
def tone(letters: int) -> bytes:
    """A sine as long as so many letters are to speak."""
    samples = np.arange(letters * TONE_MS_PER_LETTER * VOICE_RATE_HZ // 1000)
    wave = np.sin(samples * (2 * np.pi * TONE_HZ / VOICE_RATE_HZ)) * TONE_AMPLITUDE
    return bytes(wave.astype("<i2").tobytes())
