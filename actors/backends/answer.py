"""The answer to a turn while it is given: how far it is, and the frames that tell of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from actors.backends.tool_calls import CallRecord
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


@dataclass(frozen=True, slots=True)
class Publish:
    """Send a frame on an output port."""

    port: str
    frame: Frame


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens billed, by modality in lower case; `model` is empty for the backend's own."""

    input_tokens: dict[str, int]
    output_tokens: dict[str, int]
    total_tokens: int
    model: str = ""


@dataclass
class Answer:
    """How far the answer to a turn is.

    Attributes:
        turn: What is answered.
        samples: Of its sound, so far.
        begun: Some of it was published; it cannot be made anew.
        user_text: What the user said, as published.
        model_text: What was answered.
    """

    turn: str
    samples: int = 0
    begun: bool = False
    user_text: str = ""
    model_text: str = ""
    _repeated: str | None = None
    """What of the user's words was understood since they are understood anew."""
    _finished: set[Side] = field(default_factory=set)

    def understand_anew(self, published: str | None = None) -> None:
        """The user's words will come again; what was published of them is not published twice.

        Args:
            published: By another backend; None: by this one.
        """
        if published:
            self.user_text = published
            self._finished.add(Side.USER)
        self._repeated = ""

    def new_text(self, side: Side, text: str, *, final: bool) -> str | None:
        """Return what of a piece of a transcript is to be published; None: there is no need."""
        if side is Side.USER:
            text = self._new_user_text(text)
        else:
            self.begun = self.begun or bool(text)
            self.model_text += text
        if not text and (not final or side in self._finished):
            return None
        if final:
            self._finished.add(side)
        return text

    def _new_user_text(self, piece: str) -> str:
        if self._repeated is None:
            self.user_text += piece
            return piece
        self._repeated += piece
        if not self._repeated.startswith(self.user_text):
            return ""
        new = self._repeated[len(self.user_text) :]
        self.user_text = self._repeated
        return new


@dataclass
class AnswerFrames:
    """Makes the frames of a backend's answers in a session; `epoch` is that of the route."""

    session: str
    backend: str
    model: str = ""
    epoch: int = 0

    def audio(self, answer: Answer, pcm: bytes, rate_hz: int) -> Publish:
        """A block of the answer, PCM16 mono, at its position in it."""
        pcm = pcm if len(pcm) % 2 == 0 else pcm[:-1]
        frame = AnswerAudio(
            session=self.session,
            turn=answer.turn,
            epoch=self.epoch,
            backend=self.backend,
            position=answer.samples,
            rate_hz=rate_hz,
            pcm=pcm,
        )
        answer.samples += len(pcm) // 2
        answer.begun = True
        return Publish("audio", frame)

    def said(self, answer: Answer, side: Side, text: str, *, final: bool = False) -> list[Publish]:
        """A piece of a transcript; nothing if it was published before."""
        new = answer.new_text(side, text, final=final)
        if new is None:
            return []
        frame = Transcript(
            session=self.session,
            turn=answer.turn,
            epoch=self.epoch,
            backend=self.backend,
            side=side,
            text=new,
            audio_position=answer.samples if side is Side.MODEL else 0,
            final=final,
        )
        return [Publish("transcript", frame)]

    def ended(
        self, answer: Answer, end: AnswerEnd, detail: str = "", unspoken: str = ""
    ) -> list[Publish]:
        """The end of an answer, and of the transcripts that have begun."""
        published: list[Publish] = []
        if answer.user_text:
            published += self.said(answer, Side.USER, "", final=True)
        if answer.begun:
            published += self.said(answer, Side.MODEL, "", final=True)
        frame = AnswerEnded(
            session=self.session,
            turn=answer.turn,
            epoch=self.epoch,
            backend=self.backend,
            end=end,
            samples=answer.samples,
            detail=detail,
            unspoken=unspoken,
        )
        return [*published, Publish("answer", frame)]

    def usage(self, turn: str, tokens: Tokens) -> Publish:
        """Tokens billed."""
        frame = Usage(
            session=self.session,
            turn=turn,
            epoch=self.epoch,
            backend=self.backend,
            model=tokens.model or self.model,
            input_tokens=tokens.input_tokens,
            output_tokens=tokens.output_tokens,
            total_tokens=tokens.total_tokens,
        )
        return Publish("usage", frame)

    def call(self, call: CallRecord) -> Publish:
        """A function to be carried out."""
        frame = ToolCall(
            session=self.session,
            turn=call.turn,
            call_id=call.call_id,
            name=call.name,
            args=call.args or {},
        )
        return Publish("tool_calls", frame)

    def cancel(self, call: CallRecord) -> Publish:
        """A result that nobody waits for any more."""
        frame = ToolCancel(session=self.session, turn=call.turn, call_id=call.call_id)
        return Publish("tool_calls", frame)


def whole(answer: Answer) -> AnswerEnd:
    """How an answer ends that is all here: one without sound is none."""
    return AnswerEnd.COMPLETE if answer.samples else AnswerEnd.EMPTY
