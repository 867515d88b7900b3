"""One turn: what the user gave, how much of it the server has, and how far the answer is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from actors.backends.answer import Answer
from actors.backends.realtime.unasked import UnaskedAnswer
from actors.backends.tool_calls import CallRecord
from actors.backends.turn_kind import TurnKind

WRITTEN = (TurnKind.TYPED, TurnKind.PROMPTED, TurnKind.REPORTED, TurnKind.CONTINUED)
"""Sent as text."""
UNASKED = (TurnKind.REPORTED, TurnKind.UNASKED)
"""Nobody asked: no other backend can answer, and no words of the user belong to it."""


class Delivery(Enum):
    """How much of the turn this connection has."""

    WAITING = auto()
    OPEN = auto()
    SENT = auto()


class Progress(Enum):
    """How far the turn is."""

    SPEAKING = auto()
    ASKED = auto()
    ANSWERING = auto()
    GENERATED = auto()
    """All of the answer is here; the end is not confirmed."""
    PAUSED = auto()
    """What was generated is here; the server says that there is no more when it has been played."""
    WORKING = auto()
    """The server waits for tools, or for what to say about their results."""


@dataclass
class RealtimeTurn:
    """State of one turn. Positions are samples of the microphone; times are monotonic seconds.

    Attributes:
        lead: Speech before `start` that was never answered; sent along, so that none is lost.
        cursor: Next sample to send on this connection.
        answer: How far it is.
        played_s: When the sound that came has been played, if it is played as it comes.
        replied: A tool result was sent since the server last said it was done.
        freezes: Times the server said nothing about it.
        begun_s: When the answer began.
        sound_s: Of the answer, so far.
        unasked: How an answer that nobody asked for stands.
        reported: The call whose result the model is told.
    """

    turn_id: str
    kind: TurnKind
    start: int = 0
    end: int | None = None
    text: str = ""
    lead: tuple[tuple[int, int], ...] = ()
    delivery: Delivery = Delivery.WAITING
    progress: Progress = Progress.SPEAKING
    cursor: int = 0
    asked_s: float = 0.0
    deadline_s: float | None = None
    freezes: int = 0
    played_s: float = 0.0
    replied: bool = False
    begun_s: float | None = None
    sound_s: float = 0.0
    unasked: UnaskedAnswer | None = None
    reported: CallRecord | None = None
    answer: Answer = field(init=False)

    def __post_init__(self) -> None:
        self.answer = Answer(self.turn_id)

    @property
    def is_told(self) -> bool:
        """Whether what there is of its answer was published, and somebody waits for the rest."""
        return self.answer.begun and (self.unasked is None or self.unasked.is_waited_for)

    @property
    def oldest_sample(self) -> int | None:
        """First sample that may still have to be sent; None for a turn without sound."""
        if self.kind is not TurnKind.SPOKEN:
            return None
        return self.lead[0][0] if self.lead else self.start

    def pieces(self) -> tuple[tuple[int, int], ...]:
        """All its sound that was spoken so far, unanswered speech before it included."""
        own = ((self.start, self.end),) if self.end is not None else ()
        return self.lead + own if self.kind is TurnKind.SPOKEN else ()

    def rewind(self) -> None:
        """The connection that had it is gone."""
        self.delivery = Delivery.WAITING
        self.cursor = self.start
        self.answer.understand_anew()
        self.progress = Progress.SPEAKING if self.end is None else Progress.ASKED


@dataclass
class StreamCursor:
    """The sound of a session whose server cuts the turns; `cursor` None: nothing was sent yet."""

    cursor: int | None = None
