"""One request of `generateContent` in a session: what is said in it, and what comes of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass

from actors.backends.gemini.wire.http_error import HttpError
from actors.gateway.access.own_callers import OwnCallers
from actors.gateway.caller import Caller
from actors.gateway.errors import CallerError
from actors.gateway.events import AnswerSound, Event, Message, SpokenWords
from actors.gateway.files.transcription import FileWords, Transcription, send_nothing
from actors.gateway.gemini.asked_turn import AskedTurn
from actors.gateway.gemini.errors import unavailable
from actors.gateway.link import ClientLink
from actors.outputs.metronome import WorkOf
from pipeline.frames import Outcome, SessionEnded, Side, ToolCall, TurnClosed

MORE_CALLS_S = 0.1
"""After a call for others of the same answer: they come in one message, some ms apart at most."""
LOOK = "Here is a picture. Say what you see."
"""Typed for a picture without a word: one alone is no turn."""


@dataclass(frozen=True)
class TextPiece:
    """Some words of the answer.

    Attributes:
        text: The words.
        anew: Another backend begins the answer that was broken off.
    """

    text: str
    anew: bool = False


@dataclass(frozen=True)
class SoundPiece:
    """Some sound of it: signed 16-bit little-endian mono samples at 24 kHz."""

    pcm: bytes


@dataclass(frozen=True)
class FunctionCalls:
    """Functions that the client is to call; the session waits for them."""

    calls: tuple[ToolCall, ...]
    session: str


AnswerPiece = TextPiece | SoundPiece | FunctionCalls


class ContentTurn:
    """Says what is asked and gives what is answered.

    Args:
        caller: Whose session it is; nobody is connected to it.
        callers: Those of who asks.
        asked: The request.
        work_of: What is done in it is the work of a session, and fails for it alone.
        speed: How much faster than it was spoken sound is heard, at most.
        patience_s: For the whole answer.
    """

    def __init__(
        self,
        caller: Caller,
        callers: OwnCallers,
        asked: AskedTurn,
        work_of: WorkOf,
        *,
        speed: float,
        patience_s: float,
    ) -> None:
        self.caller = caller
        self._asked = asked
        self._work_of = work_of
        self._until_s = asyncio.get_running_loop().time() + patience_s
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._heard: Transcription | None = None
        self._hearing: asyncio.Task[FileWords] | None = None
        self._source: tuple[str, int] | None = None
        """Whose words come: backend and epoch."""
        self._said = ""
        """Of that one."""
        if asked.attached.sounds:
            self._heard = Transcription(
                caller, callers, asked.attached.sound, speed, work_of, self._events.put_nowait
            )
            self.link = self._heard.link
        else:
            self.link = ClientLink(self, send_nothing)
            callers.connect(caller, self.link)

    def encode(self, event: Event) -> Iterator[Message]:
        """Take note of what is told; nobody is sent anything."""
        self._events.put_nowait(event)
        return iter(())

    def answer_calls(self) -> bool:
        """Give the results of functions to the session that called them; return whether it did.

        What happened since it called them is of no interest any more.
        """
        while not self._events.empty():
            self._events.get_nowait()
        asked = self._asked.answers
        with self._work_of(self.caller.session):
            for each in asked:
                result = each.get("response", {})
                # Some clients leave the id out, others make up one of their own.
                call_id = self.caller.called(each.get("id", ""), each["name"])
                if not self.caller.answer_call(call_id, result, failed="error" in result):
                    return False
        return bool(asked)

    async def pieces(self) -> AsyncGenerator[AnswerPiece]:
        """Yield the answer as it comes.

        Raises:
            HttpError: nobody answered, in the service's words.
        """
        self._say()
        try:
            while (event := await self._next()) is not None:
                match event:
                    case ToolCall():
                        yield FunctionCalls(await self._calls(event), self.caller.session)
                        return
                    case SpokenWords(side=Side.MODEL) if not self._asks_about_sound:
                        if piece := self._words(event):
                            yield piece
                    case AnswerSound() if self._asked.speaks:
                        yield SoundPiece(event.pcm)
                    case TurnClosed():
                        if rest := self._rest(event):
                            yield rest
                        if self._hearing is None:
                            return
                    case SessionEnded():
                        raise unavailable(event.detail or event.reason.value)
            if (piece := self._answer_about_sound()) is not None:
                yield piece
        finally:
            if self._hearing is not None:
                self._hearing.cancel()
                await asyncio.gather(self._hearing, return_exceptions=True)

    @property
    def _asks_about_sound(self) -> bool:
        return self._heard is not None and bool(self._asked.text)

    def _say(self) -> None:
        asked, caller = self._asked, self.caller
        with self._work_of(caller.session):
            picture = asked.attached.picture
            if picture is not None:
                caller.show(picture.jpeg, picture.width, picture.height)
            if self._heard is not None:
                self._hearing = asyncio.create_task(self._heard.run(asked.whole_text))
                self._hearing.add_done_callback(lambda _task: self._events.put_nowait(None))
            elif not self._resumes:
                caller.type(asked.whole_text or LOOK)

    @property
    def _resumes(self) -> bool:
        return self._asked.goes_on == self.caller.session

    async def _next(self) -> Event | None:
        try:
            async with asyncio.timeout_at(self._until_s):
                return await self._events.get()
        except TimeoutError:
            message = "Deadline expired before operation could complete."
            raise HttpError(504, "DEADLINE_EXCEEDED", message) from None

    async def _calls(self, first: ToolCall) -> tuple[ToolCall, ...]:
        calls = [first]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MORE_CALLS_S):
                while True:
                    event = await self._events.get()
                    if isinstance(event, ToolCall):
                        calls.append(event)
        return tuple(calls)

    def _words(self, event: SpokenWords) -> TextPiece | None:
        if self._asked.speaks or not event.text:
            return None
        source, anew = (event.backend, event.epoch), False
        if source != self._source:
            anew = bool(self._said)
            self._source, self._said = source, ""
        self._said += event.text
        return TextPiece(event.text, anew)

    def _rest(self, closed: TurnClosed) -> TextPiece | None:
        """What of the words of a turn has not come: the ledger may be faster than the backend."""
        if closed.outcome is Outcome.FAILED and not self._asks_about_sound:
            raise unavailable(closed.reason)
        said, self._said, self._source = self._said, "", None
        if self._asked.speaks or self._asks_about_sound:
            return None
        answer = closed.answer
        missing = answer[len(said) :] if answer.startswith(said) else ""
        return TextPiece(missing) if missing.strip() else None

    def _answer_about_sound(self) -> TextPiece | None:
        """None if nothing was asked about it: what was said to it has come as it was said."""
        assert self._hearing is not None
        try:
            words = self._hearing.result()
        except CallerError as error:
            raise unavailable(str(error)) from None
        if not self._asks_about_sound:
            return None
        if words.answer is None:
            raise unavailable(words.problem or words.failure)
        return TextPiece(words.answer)
