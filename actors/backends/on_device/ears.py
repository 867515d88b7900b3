"""What of a session's languages the device understands by ear."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from actors.backends.on_device.options import RecognitionOptions
from actors.lib.languages.tags import ENGLISH, base_of
from actors.lib.speech.recognizer import MoonshineRecognizer
from actors.lib.speech.whisper import WhisperRecognizer


@dataclass(frozen=True)
class HeardWords:
    """What was heard.

    Attributes:
        text: The words; empty: none.
        language: Which they are in; None: nothing here understands the language.
    """

    text: str
    language: str | None = None


class Ears:
    """The recogniser of English that comes with the device, and one that the user names."""

    def __init__(self, options: RecognitionOptions | None) -> None:
        self._english = MoonshineRecognizer()
        self._other = WhisperRecognizer(options.folder) if options is not None else None
        self._known = options.only if options is not None else ()

    async def start(self, languages: tuple[str, ...]) -> None:
        """Load what these languages need.

        Raises:
            RecognitionError: a model cannot be used.
        """
        understood = self.understood(languages)
        if self._other is not None and _beyond_english(understood):
            await self._other.start()
        elif understood:
            await self._english.start()

    def understood(self, languages: tuple[str, ...]) -> tuple[str, ...]:
        """Return those for which there is a recogniser."""
        return tuple(each for each in languages if base_of(each) == ENGLISH or self._is_known(each))

    async def hear(self, pcm: bytes, rate_hz: int, languages: tuple[str, ...]) -> HeardWords:
        """Return the words in PCM16 mono of any rate, in one of some understood languages.

        Raises:
            RecognitionError: a model cannot be used.
        """
        if self._other is not None and _beyond_english(languages):
            return HeardWords(*await self._other.hear(pcm, rate_hz, languages))
        return HeardWords(await self._english.hear(pcm, rate_hz), languages[0])

    async def stop(self) -> None:
        """End the workers; the models stay with the process."""
        others = [self._other.stop()] if self._other is not None else []
        await asyncio.gather(self._english.stop(), *others)

    def _is_known(self, language: str) -> bool:
        if self._other is None:
            return False
        return not self._known or base_of(language) in self._known


def _beyond_english(understood: tuple[str, ...]) -> bool:
    """Whether the user's model is asked: for English alone there is a faster one."""
    return any(base_of(each) != ENGLISH for each in understood)
