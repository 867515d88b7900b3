"""What a backend gives back for a turn, and what was heard of it."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from pipeline.frames.base import Frame
from pipeline.frames.media import GREATEST_POSITION, GREATEST_RATE_HZ, LEAST_RATE_HZ, Pcm


class AnswerFrame(Frame):
    """Common to all that a backend says about a turn."""

    turn: str = Field(description="The turn being answered; `<session>:u<ns>` if nobody asked.")
    epoch: int = Field(ge=0, description="Route epoch in force when this was made.")
    backend: str = Field(description="Actor that made it.")


class AnswerAudio(AnswerFrame):
    """A block of the spoken answer."""

    type_name: ClassVar[str] = "answer_audio"

    position: int = Field(
        ge=0, le=GREATEST_POSITION, description="Index of the first sample in this turn's answer."
    )
    rate_hz: int = Field(
        24_000, ge=LEAST_RATE_HZ, le=GREATEST_RATE_HZ, description="Samples per second."
    )
    pcm: Pcm = Field(description="Signed 16-bit little-endian mono samples.")


class AnswerEnd(StrEnum):
    """How the making of an answer ended."""

    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    EMPTY = "empty"
    FAILED = "failed"


class AnswerEnded(AnswerFrame):
    """No more audio comes for this turn from this backend."""

    type_name: ClassVar[str] = "answer_ended"

    end: AnswerEnd = Field(description="How it ended.")
    samples: int = Field(
        0, ge=0, le=GREATEST_POSITION, description="Samples of answer audio that were sent."
    )
    detail: str = Field("", description="Why, if it failed.")
    unspoken: str = Field(
        "", description="If it failed: words of the answer that have no sound; the next says them."
    )


class Side(StrEnum):
    """Whose words a transcript holds."""

    USER = "user"
    MODEL = "model"


class Transcript(AnswerFrame):
    """A piece of what was said; pieces of one turn and side are joined as they are."""

    type_name: ClassVar[str] = "transcript"

    side: Side = Field(description="Who said it.")
    text: str = Field(description="The piece.")
    audio_position: int = Field(
        0,
        ge=0,
        le=GREATEST_POSITION,
        description="Samples of the answer sent before this piece (side `model`).",
    )
    final: bool = Field(False, description="Nothing more comes for this turn and side.")


class Usage(AnswerFrame):
    """Tokens billed for a turn."""

    type_name: ClassVar[str] = "usage"

    model: str = Field(description="Model that was used.")
    input_tokens: dict[str, int] = Field(description="By modality: audio, image, text.")
    output_tokens: dict[str, int] = Field(description="By modality.")
    total_tokens: int = Field(0, ge=0, description="As reported by the server.")


class PlaybackState(StrEnum):
    """Where the playing of an answer stands."""

    STARTED = "started"
    PLAYING = "playing"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"


class Playback(AnswerFrame):
    """What the user has really heard of an answer, to the sample."""

    type_name: ClassVar[str] = "playback"

    state: PlaybackState = Field(description="Where the playing stands.")
    played_samples: int = Field(
        ge=0,
        le=GREATEST_POSITION,
        description="Samples heard so far, at the answer's rate.",
    )
    underruns: int = Field(0, ge=0, description="Times the buffer ran dry in this answer.")
    at_ns: int = Field(description="Monotonic time of the first (started) or last sample heard.")
