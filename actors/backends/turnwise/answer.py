"""One answer while it is given: from parts to frames."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from actors.backends.turnwise.request import AnswerFailedError, Heard, Part, Sound, Tokens, Words
from pipeline.frames import (
    AnswerAudio,
    AnswerEnd,
    AnswerEnded,
    Frame,
    Side,
    ToolCall,
    ToolCancel,
    Transcript,
    Usage,
)

if TYPE_CHECKING:
    from actors.backends.tool_results import ToolResults

Publish = Callable[[str, Frame], None]


class AnswerState(Enum):
    """Whether it still says anything."""

    ON = auto()
    OVER = auto()


class Answer:
    """Publishes the frames of one answer, the last of which is its one `AnswerEnded`.

    Args:
        session: Of all frames.
        turn: What is answered.
        epoch: Of the route.
        backend: In whose name.
        publish: Takes the frames.
        results: Of the session's tools.
        on_call: Called before a tool is called.
        on_sound: Called before the first sound goes out.
    """

    def __init__(
        self,
        session: str,
        turn: str,
        epoch: int,
        backend: str,
        *,
        publish: Publish,
        results: ToolResults,
        on_call: Callable[[], None],
        on_sound: Callable[[], None],
    ) -> None:
        self.turn = turn
        self.session = session
        self.state = AnswerState.ON
        self.samples = 0
        self.task: asyncio.Task[None] | None = None
        self._header = {"session": session, "turn": turn, "epoch": epoch, "backend": backend}
        self.epoch = epoch
        self._publish = publish
        self._results = results
        self._on_call = on_call
        self._on_sound = on_sound
        self._rate_hz = 0
        self._sides: set[Side] = set()
        self._calls = 0
        self._pending: list[str] = []
        self._used: set[str] = set()

    def give(self, part: Part) -> None:
        """Publish a part; once the answer is over, nothing."""
        if self.state is AnswerState.OVER:
            return
        match part:
            case Heard(text):
                self._say(Side.USER, text, final=True)
            case Words(text):
                self._say(Side.MODEL, text)
            case Sound(pcm, rate_hz):
                self._sound(pcm[: len(pcm) // 2 * 2], rate_hz)
            case Tokens():
                self._tokens(part)

    def end(self, end: AnswerEnd, detail: str = "") -> None:
        """Say that this was it, unless it was said."""
        if self.state is AnswerState.OVER:
            return
        self.state = AnswerState.OVER
        self._cancel_calls()
        if Side.MODEL in self._sides:
            self._say(Side.MODEL, "", final=True)
        frame = AnswerEnded(**self._header, end=end, samples=self.samples, detail=detail)
        self._publish("answer", frame)

    def complete(self) -> None:
        """All of the answer is out; one without sound is none."""
        self.end(AnswerEnd.COMPLETE if self.samples else AnswerEnd.EMPTY)

    def abort(self) -> None:
        """Say nothing any more."""
        if self.state is AnswerState.ON:
            self.state = AnswerState.OVER
            self._cancel_calls()

    async def call(self, name: str, args: dict[str, Any]) -> dict[str, Any]:
        """Have a tool carried out and return its response; cancelled: nobody waits for it."""
        self._calls += 1
        # The same name after a restart of this process: the tool is not carried out twice.
        call_id = f"{self.turn}/{self.epoch}/{self._calls}"
        known = self._results.known(self.turn, name, call_id, self._used)
        if known is not None:
            return known
        self._on_call()
        self._pending.append(call_id)
        frame = ToolCall(
            session=self.session, turn=self.turn, call_id=call_id, name=name, args=args
        )
        self._publish("tool_calls", frame)
        try:
            response = await self._results.wait(call_id)
        except asyncio.CancelledError:
            self._cancel_call(call_id)
            raise
        self._pending.remove(call_id)
        self._used.add(call_id)
        return response

    def _say(self, side: Side, text: str, *, final: bool = False) -> None:
        self._sides.add(side)
        frame = Transcript(
            **self._header,
            side=side,
            text=text,
            audio_position=self.samples if side is Side.MODEL else 0,
            final=final,
        )
        self._publish("transcript", frame)

    def _sound(self, pcm: bytes, rate_hz: int) -> None:
        if not pcm:
            return
        if self._rate_hz not in (0, rate_hz):
            raise AnswerFailedError(f"the voice changed from {self._rate_hz} to {rate_hz} Hz")
        self._rate_hz = rate_hz
        frame = AnswerAudio(**self._header, position=self.samples, rate_hz=rate_hz, pcm=pcm)
        first = not self.samples
        self.samples += len(pcm) // 2
        if first:
            self._on_sound()
        self._publish("audio", frame)

    def _tokens(self, tokens: Tokens) -> None:
        frame = Usage(
            **self._header,
            model=tokens.model,
            input_tokens=tokens.input_tokens,
            output_tokens=tokens.output_tokens,
            total_tokens=tokens.total_tokens,
        )
        self._publish("usage", frame)

    def _cancel_calls(self) -> None:
        for call_id in list(self._pending):
            self._cancel_call(call_id)

    def _cancel_call(self, call_id: str) -> None:
        if call_id in self._pending:
            self._pending.remove(call_id)
            frame = ToolCancel(session=self.session, turn=self.turn, call_id=call_id)
            self._publish("tool_calls", frame)
