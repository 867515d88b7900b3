"""Requests of `generateContent`, each answered by the pipeline as a turn of a caller's session."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncGenerator

from actors.gateway.access.own_callers import OwnCallers
from actors.gateway.caller import Caller
from actors.gateway.errors import CallerError
from actors.gateway.files.transcription import INSTRUCTION
from actors.gateway.gemini.asked_turn import AskedTurn
from actors.gateway.gemini.content_turn import AnswerPiece, ContentTurn, FunctionCalls
from actors.gateway.gemini.signatures import PREFIX
from actors.gateway.options import GatewayOptions
from actors.outputs.metronome import WorkOf
from pipeline.frames import SessionEnd, SessionOpened


class ContentService:
    """Opens a session for a request, and keeps it where a client's function is waited for.

    Args:
        callers: Those of who asks.
        options: Of the gateway.
        work_of: What is done in it is the work of a session, and fails for it alone.
    """

    def __init__(self, callers: OwnCallers, options: GatewayOptions, work_of: WorkOf) -> None:
        self._callers = callers
        self._options = options
        self._work_of = work_of

    async def answer(self, asked: AskedTurn) -> AsyncGenerator[AnswerPiece]:
        """Yield the answer as it comes.

        Raises:
            HttpError: nobody answered it, in the service's words.
            CallerError: no session can be opened.
        """
        turn = self._resumed(asked)
        if turn is None:
            caller = await self._callers.open(self._manner(asked))
            turn = self._turn(caller, asked)
        waits = False
        try:
            async with contextlib.aclosing(turn.pieces()) as pieces:
                async for piece in pieces:
                    waits = isinstance(piece, FunctionCalls)
                    yield piece
        finally:
            self._let_go(turn, waits=waits)

    def _resumed(self, asked: AskedTurn) -> ContentTurn | None:
        """The session that called the functions, if it still waits for them."""
        if not asked.goes_on or not asked.only_answers:
            return None
        try:
            caller = self._callers.get(asked.goes_on)
        except CallerError:
            return None
        if caller.is_there:
            return None
        turn = self._turn(caller, asked)
        if turn.answer_calls():
            return turn
        self._let_go(turn, waits=False)
        return None

    def _turn(self, caller: Caller, asked: AskedTurn) -> ContentTurn:
        return ContentTurn(
            caller,
            self._callers,
            asked,
            self._work_of,
            speed=self._options.file_speed,
            patience_s=self._options.content_s + asked.attached.seconds,
        )

    def _manner(self, asked: AskedTurn) -> SessionOpened:
        manner = asked.manner
        instruction = manner.instruction
        if asked.attached.sounds and asked.text:
            # The sound is heard first, and what was written is asked about it.
            instruction = "\n\n".join(filter(None, [instruction, INSTRUCTION]))
        name = f"{PREFIX}{uuid.uuid4().hex}"
        return manner.model_copy(update={"session": name, "instruction": instruction})

    def _let_go(self, turn: ContentTurn, *, waits: bool) -> None:
        if waits:
            self._callers.disconnect(turn.caller, turn.link)
            return
        with contextlib.suppress(CallerError):
            self._callers.end(turn.caller.session, SessionEnd.HUNG_UP, "the request was answered")
