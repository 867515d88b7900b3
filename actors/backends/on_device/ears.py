"""What of a session's languages the device understands by ear."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from actors.lib.languages.tags import base_of
from actors.lib.speech.recognizer import MoonshineRecognizer

ENGLISH = "en"


@dataclass(frozen=True)
class HeardWords:
    """What was heard.

    Attributes:
        text: The words; empty: none.
        language: Which they are in, as far as the recogniser knows.
    """

    text: str
    language: str | None = None


class Ears:
    """The recogniser of English that comes with the device."""

    def __init__(self) -> None:
        self._english = MoonshineRecognizer()

    async def start(self, languages: tuple[str, ...]) -> None:
        """Load what these languages need."""
        if any(base_of(each) == ENGLISH for each in languages):
            await self._english.start()

    def understand(self, language: str) -> bool:
        """Whether there is a recogniser for a language."""
        return base_of(language) == ENGLISH

    async def hear(self, pcm: bytes, rate_hz: int, language: str) -> HeardWords:
        """Return the words in PCM16 mono of any rate that is in a language it understands."""
        return HeardWords(await self._english.hear(pcm, rate_hz), language)

    async def stop(self) -> None:
        """End the workers; the models stay with the process."""
        await asyncio.gather(self._english.stop())
