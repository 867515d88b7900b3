"""How the simulator understands speech."""

from typing import Literal, Protocol

from actors.lib.speech.recognizer import MoonshineRecognizer


class SpeechToText(Protocol):
    """Understands speech. `hear` takes PCM16 mono of any rate."""

    async def start(self) -> None:
        """Loads what is needed."""

    async def hear(self, pcm: bytes, rate_hz: int) -> str:
        """The words in the audio, or an empty text."""

    async def stop(self) -> None:
        """Frees the worker."""


class NoSpeechToText:
    """Hears that there was sound and how long it was, but no words."""

    async def start(self) -> None:
        pass

    async def hear(self, pcm: bytes, rate_hz: int) -> str:
        return ""

    async def stop(self) -> None:
        pass


def make_stt(kind: Literal["moonshine", "none"]) -> SpeechToText:
    """Speech recognition of that name."""
    return MoonshineRecognizer() if kind == "moonshine" else NoSpeechToText()
