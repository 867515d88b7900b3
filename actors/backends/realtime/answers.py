"""The frames that tell the pipeline about an answer."""

from __future__ import annotations

from dataclasses import dataclass

from actors.backends.realtime.calls import Call
from actors.backends.realtime.events import AnswerChunk, Said, UsageReported
from actors.backends.realtime.steps import Publish
from actors.backends.realtime.turns import Turn
from pipeline.frames import (
    AnswerAudio,
    AnswerEnd,
    AnswerEnded,
    Side,
    ToolCall,
    ToolCancel,
    Transcript,
    Usage,
)


@dataclass
class Answers:
    """Makes frames; `epoch` is that of the newest route."""

    session: str
    backend: str
    model: str
    epoch: int = 0

    def audio(self, turn: Turn, chunk: AnswerChunk) -> Publish:
        """A block of the answer, at its position in it."""
        pcm = chunk.pcm if len(chunk.pcm) % 2 == 0 else chunk.pcm[:-1]
        frame = AnswerAudio(
            session=self.session,
            turn=turn.turn_id,
            epoch=self.epoch,
            backend=self.backend,
            position=turn.samples,
            rate_hz=chunk.rate_hz,
            pcm=pcm,
        )
        turn.samples += len(pcm) // 2
        turn.begun = True
        return Publish("audio", frame)

    def said(self, turn: Turn, said: Said, *, final: bool = False) -> list[Publish]:
        """A piece of a transcript; nothing if it was published before."""
        text = said.text
        if said.side is Side.USER:
            text = turn.new_user_text(text)
        else:
            turn.begun = turn.begun or bool(text)
        final = final or said.finished
        if not text and (not final or said.side in turn.finished):
            return []
        if final:
            turn.finished.add(said.side)
        frame = Transcript(
            session=self.session,
            turn=turn.turn_id,
            epoch=self.epoch,
            backend=self.backend,
            side=said.side,
            text=text,
            audio_position=turn.samples if said.side is Side.MODEL else 0,
            final=final,
        )
        return [Publish("transcript", frame)]

    def ended(self, turn: Turn, end: AnswerEnd, detail: str) -> list[Publish]:
        """The end of an answer, and of the transcripts that have begun."""
        published: list[Publish] = []
        if turn.user_text:
            published += self.said(turn, Said(Side.USER, ""), final=True)
        if turn.begun:
            published += self.said(turn, Said(Side.MODEL, ""), final=True)
        frame = AnswerEnded(
            session=self.session,
            turn=turn.turn_id,
            epoch=self.epoch,
            backend=self.backend,
            end=end,
            samples=turn.samples,
            detail=detail,
        )
        return [*published, Publish("answer", frame)]

    def usage(self, turn_id: str, usage: UsageReported) -> Publish:
        """Tokens billed."""
        frame = Usage(
            session=self.session,
            turn=turn_id,
            epoch=self.epoch,
            backend=self.backend,
            model=self.model,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            total_tokens=usage.total_tokens,
        )
        return Publish("usage", frame)

    def call(self, call: Call) -> Publish:
        """A function to be carried out."""
        frame = ToolCall(
            session=self.session,
            turn=call.turn,
            call_id=call.call_id,
            name=call.name,
            args=call.args,
        )
        return Publish("tool_calls", frame)

    def cancel(self, call: Call) -> Publish:
        """A result that nobody waits for any more."""
        frame = ToolCancel(session=self.session, turn=call.turn, call_id=call.call_id)
        return Publish("tool_calls", frame)
