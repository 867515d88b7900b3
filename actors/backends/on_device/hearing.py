"""The words of a spoken turn, and the language they are in."""

from __future__ import annotations

from collections import Counter

from actors.backends.audio_ring import RATE_HZ
from actors.backends.on_device.brain import makes_sense
from actors.backends.on_device.ears import Ears, HeardWords
from actors.backends.on_device.language import phrases_for
from actors.backends.on_device.options import RecognitionOptions
from actors.backends.turnwise.request import AnswerRequest
from actors.lib.speech.whisper import RecognitionError
from pipeline.logs import Logger


class DeviceHearing:
    """Understands what it can; a model that fails costs the words, not the answer."""

    def __init__(
        self, options: RecognitionOptions | None, counters: Counter[str], log: Logger
    ) -> None:
        self._ears = Ears(options)
        self._counters = counters
        self._log = log

    async def start(self, languages: tuple[str, ...]) -> None:
        """Load what these languages need."""
        try:
            await self._ears.start(languages)
        except RecognitionError as error:
            self._on_failure(error)

    async def hear(self, request: AnswerRequest, languages: tuple[str, ...]) -> HeardWords:
        """Return the words; without a language where it cannot tell what was spoken.

        Where it understands only some of the languages, it goes by what makes sense in one that
        it does understand: any other speech it would take for nonsense in it.
        """
        understood = self._ears.understood(languages)
        if not understood:
            return HeardWords("")
        try:
            heard = await self._ears.hear(request.pcm, RATE_HZ, understood)
        except RecognitionError as error:
            self._on_failure(error)
            return HeardWords("")
        if len(understood) == len(languages):
            return heard
        phrases, _ = phrases_for(understood[0])
        return heard if makes_sense(heard.text, request.tools, phrases) else HeardWords("")

    async def stop(self) -> None:
        """End the workers; the models stay with the process."""
        await self._ears.stop()

    def _on_failure(self, error: RecognitionError) -> None:
        self._counters["recognition_failures"] += 1
        self._log.error("speech cannot be recognised", problem=str(error))
