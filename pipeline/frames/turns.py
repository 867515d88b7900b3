"""What the user did: spoke, stopped, typed; and how each turn ended."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from pipeline.frames.base import Frame
from pipeline.frames.media import GREATEST_POSITION


def turn_id(session: str, position: int) -> str:
    """Name of the turn whose first sample is at `position`, the same in every process."""
    return f"{session}:{position}"


def first_turn_id(session: str) -> str:
    """Name of the turn in which the model of a session speaks first."""
    return f"{session}:first"


def unasked_turn_id(session: str, at_ns: int) -> str:
    """Name of a turn in which the model spoke at a monotonic time and nobody had asked."""
    return f"{session}:u{at_ns}"


def is_unasked(turn: str) -> bool:
    """Whether nobody asked for the answer: no other backend can give it."""
    name = turn.rpartition(":")[2]
    return name[:1] == "u" and name[1:].isdecimal()


class TentativeSpeechStarted(Frame):
    """Somebody may be speaking over the answer.

    If it proves to be a turn, `SpeechStarted` of the same name follows; if not,
    `TentativeSpeechRejected`.
    """

    type_name: ClassVar[str] = "tentative_speech_started"

    turn: str = Field(description="Name of the turn that it may become.")
    position: int = Field(
        ge=0, le=GREATEST_POSITION, description="First sample of that turn, pre-roll included."
    )
    at_ns: int = Field(description="Monotonic capture time of that sample in ns.")


class TentativeSpeechRejected(Frame):
    """What began was too short to be a turn, and never was one."""

    type_name: ClassVar[str] = "tentative_speech_rejected"

    turn: str = Field(description="As in its `TentativeSpeechStarted`.")
    position: int = Field(ge=0, le=GREATEST_POSITION, description="One past the last sample of it.")


class SpeechStarted(Frame):
    """The user began to speak."""

    type_name: ClassVar[str] = "speech_started"

    turn: str = Field(description="`<session>:<position>`.")
    position: int = Field(
        ge=0, le=GREATEST_POSITION, description="First sample of the turn, pre-roll included."
    )
    at_ns: int = Field(description="Monotonic capture time of that sample in ns.")


class EndReason(StrEnum):
    """Why speech was taken to have ended."""

    SILENCE = "silence"
    MAX_LENGTH = "max_length"
    END_OF_STREAM = "end_of_stream"
    RELEASED = "released"
    """Whoever spoke let go of a key: nothing more is meant."""


class SpeechEnded(Frame):
    """The user stopped speaking; the turn is complete and wants an answer."""

    type_name: ClassVar[str] = "speech_ended"

    turn: str = Field(description="`<session>:<position>`, as in its `SpeechStarted`.")
    start_position: int = Field(ge=0, le=GREATEST_POSITION, description="First sample of the turn.")
    position: int = Field(
        ge=0, le=GREATEST_POSITION, description="One past the last sample of the turn."
    )
    at_ns: int = Field(description="Monotonic time at which the last voiced sample was captured.")
    reason: EndReason = Field(description="Why the turn ended here.")


MOST_TEXT_CHARACTERS = 400_000
"""Of a typed turn: some 100,000 tokens, of the 128k that a Live session holds in all."""


class UserText(Frame):
    """A turn the user typed."""

    type_name: ClassVar[str] = "user_text"

    turn: str = Field(description="`<session>:t<ns>`.")
    text: str = Field(min_length=1, max_length=MOST_TEXT_CHARACTERS, description="What was typed.")


class Outcome(StrEnum):
    """How a turn ended."""

    ANSWERED = "answered"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


class TurnClosed(Frame):
    """The turn ledger's verdict; exactly one for each turn."""

    type_name: ClassVar[str] = "turn_closed"

    turn: str = Field(description="The turn.")
    outcome: Outcome = Field(description="How it ended.")
    by: str = Field("", description="Backend that answered, if one did.")
    reason: str = Field("", description="Why it failed, in words.")
    said: str = Field("", description="What the user said, as far as known.")
    answer: str = Field("", description="What was answered, as far as known.")
    first_sound_ms: float | None = Field(
        None, description="From the last voiced sample (or the typed line) to the first sound."
    )
