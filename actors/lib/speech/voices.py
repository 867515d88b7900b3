"""The voices of the device: hibari-tts for English, espeak-ng for the others."""

from __future__ import annotations

from functools import lru_cache

from actors.lib.languages.tags import ENGLISH, base_of
from actors.lib.speech import espeak
from actors.lib.speech.readings import in_kana
from actors.lib.speech.synthesizer import CACHED_SENTENCES, synthesize
from actors.lib.worker import WorkerThread


class Voices(WorkerThread):
    """Speaks sentences in any language, in a worker thread; every one at VOICE_RATE_HZ."""

    def __init__(self) -> None:
        super().__init__("synthesizer")

    async def start(self, language: str) -> None:
        """Load the voice of a language; the first sentence is slow, so one is spoken to nobody."""
        await self.speak("Hi." if base_of(language) == ENGLISH else "1", language)

    async def speak(self, sentence: str, language: str) -> bytes:
        """Return the sentence as PCM16 mono at VOICE_RATE_HZ.

        Raises:
            NoVoiceError: nothing speaks the language; says what to install.
        """
        return await self.run(spoken_in, sentence, language)


@lru_cache(maxsize=CACHED_SENTENCES)
def spoken_in(sentence: str, language: str) -> bytes:
    """Return the sentence as PCM16 mono at VOICE_RATE_HZ; blocks."""
    base = base_of(language)
    if base == ENGLISH:
        return synthesize(sentence)
    return espeak.speak(in_kana(sentence) if base == "ja" else sentence, language)


def cannot_speak(language: str) -> str:
    """Return why a language cannot be spoken here and what to do; empty if it can."""
    if base_of(language) == ENGLISH:
        return ""
    try:
        has_voice = espeak.has_voice(language)
    except espeak.NoVoiceError as error:
        return str(error)
    return "" if has_voice else f"espeak-ng has no voice for {language!r}: name another language"
