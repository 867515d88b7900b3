"""What a caller's client is told, in the terms of no protocol; a codec puts it into its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from pipeline.frames import SessionEnded, Side, ToolCall, ToolCancel, TurnClosed


@dataclass(frozen=True)
class AnswerSound:
    """A piece of an answer, to be played after what came before.

    Attributes:
        pcm: Signed 16-bit little-endian mono samples at 24 kHz.
    """

    pcm: bytes


@dataclass(frozen=True)
class SpokenWords:
    """A piece of what was said; pieces of one turn and side are joined as they are.

    Attributes:
        backend: Who understood or said it.
        epoch: Of the route at that time.
    """

    turn: str
    side: Side
    text: str
    final: bool
    backend: str
    epoch: int


@dataclass(frozen=True)
class Speaking:
    """The caller began to speak, or stopped.

    Attributes:
        position: Where, on the time line of its session: samples at 16 kHz.
    """

    turn: str
    began: bool
    position: int


@dataclass(frozen=True)
class AnswerInterrupted:
    """The answer is not played on: what waits to be played is to be thrown away.

    Attributes:
        turn: Whose answer it was.
        heard_ms: How much of it was heard.
    """

    turn: str
    heard_ms: float


@dataclass(frozen=True)
class TimeLeft:
    """The conversation ends by itself after so many seconds."""

    seconds: float


@dataclass(frozen=True)
class SoundDone:
    """The sound up to here need not be sent again, whatever happens.

    Attributes:
        sound: Samples that the client has sent before, over all its connections.
        position: Where that is on the time line of its session: samples at 16 kHz.
    """

    sound: int
    position: int


@dataclass(frozen=True)
class GoingAway:
    """The gateway stops: a turn under way is finished, then the connection is closed.

    Attributes:
        moves: Another room is there: the client is to connect anew now, between two turns.
    """

    moves: bool = False


@dataclass(frozen=True)
class Problem:
    """Something that the client sent cannot be used; the conversation goes on.

    Attributes:
        text: What, in words.
        code: The same for programs, if it is one that they may act upon.
        retry_after_s: When to try again, if that helps.
    """

    text: str
    code: str = ""
    retry_after_s: float | None = None


Event = (
    AnswerSound
    | SpokenWords
    | Speaking
    | AnswerInterrupted
    | TimeLeft
    | SoundDone
    | GoingAway
    | Problem
    | TurnClosed
    | ToolCall
    | ToolCancel
    | SessionEnded
)
Message = str | bytes
"""Of a WebSocket."""


class Codec(Protocol):
    """How one protocol says it."""

    def encode(self, event: Event) -> Iterable[Message]:
        """Return the messages that say it; none for what the protocol has no word for."""
