"""How the simulator understands speech."""

from collections.abc import Sequence
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


class ScriptedSpeechToText:
    """Hears what it is told, one text a sound; the recogniser that comes along knows English."""

    def __init__(self, hears: Sequence[str]) -> None:
        self._left = list(hears)

    async def start(self) -> None:
        pass

    async def hear(self, pcm: bytes, rate_hz: int) -> str:
        return self._left.pop(0) if self._left else ""

    async def stop(self) -> None:
        pass


def make_stt(
    kind: Literal["moonshine", "none", "script"], hears: Sequence[str] = ()
) -> SpeechToText:
    """Speech recognition of that name."""
    if kind == "script":
        return ScriptedSpeechToText(hears)
    return MoonshineRecognizer() if kind == "moonshine" else NoSpeechToText()
