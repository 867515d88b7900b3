"""Files put into words, each in a session that is opened for it."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Iterator

from actors.gateway.access.own_callers import OwnCallers
from actors.gateway.errors import CallerError, NoWordsError, RefusedError
from actors.gateway.files.transcription import INSTRUCTION, FileWords, Transcription
from actors.gateway.options import GatewayOptions
from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples
from actors.outputs.metronome import WorkOf
from pipeline.frames import SessionEnd, SessionOpened

MARGIN_S = 30.0
"""For which its session outlasts the time in which its words have to come."""


class Transcriber:
    """Puts files into words, a few at a time."""

    def __init__(self, options: GatewayOptions, work_of: WorkOf) -> None:
        self._options = options
        self._work_of = work_of
        self._files = 0

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """Take one of the places for files, from its first byte to its last word.

        Raises:
            RefusedError: there is none.
        """
        most = self._options.files_at_once
        if self._files >= most:
            raise RefusedError(f"{most} files are being heard: send yours later")
        self._files += 1
        try:
            yield
        finally:
            self._files -= 1

    async def transcribe(
        self,
        callers: OwnCallers,
        samples: Samples,
        question: str = "",
        language: str | None = None,
        on_begun: Callable[[Transcription], None] = lambda _begun: None,
    ) -> FileWords:
        """Return what is said in a file of somebody's.

        Args:
            callers: Those of who sent it.
            samples: The file.
            question: About it; empty if there is none.
            language: BCP-47 code of what is spoken, if it is known.
            on_begun: Given what says how far it is.

        Raises:
            AccessDeniedError: who sent it may begin no session now.
            RefusedError: the pipeline takes no more sessions, or ended this one.
            NoWordsError: nothing of it could be put into words in time.
        """
        length_s = len(samples) / SPEECH_RATE_HZ
        patience_s = length_s + self._options.file_patience_s
        manner = SessionOpened(
            session=f"file-{uuid.uuid4().hex}",
            instruction=INSTRUCTION,
            language=language,
            lasts_s=patience_s + MARGIN_S,
            records=self._options.record,
            plays=False,
            labels={"protocol": "file"},
        )
        try:
            caller = await callers.open(manner)
            heard = Transcription(caller, callers, samples, self._options.file_speed, self._work_of)
            on_begun(heard)
            return await _words_of(heard, question, patience_s)
        finally:
            with contextlib.suppress(CallerError):
                callers.end(manner.session, SessionEnd.HUNG_UP, "the file was heard")


async def _words_of(heard: Transcription, question: str, patience_s: float) -> FileWords:
    try:
        async with asyncio.timeout(patience_s):
            words = await heard.run(question)
    except TimeoutError:
        words = heard.words()
        if not words.segments:
            raise NoWordsError(f"no words of the file came in {patience_s:.0f} s") from None
    if words.failure and not words.segments:
        raise NoWordsError(f"the file could not be put into words: {words.failure}")
    return words
