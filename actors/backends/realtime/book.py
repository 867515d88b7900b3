"""The open turns, and all that decides what happens to them."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from enum import Enum, auto

from actors.backends.realtime.answers import Answers
from actors.backends.realtime.calls import Calls
from actors.backends.realtime.steps import Proved, Step
from actors.backends.realtime.turns import Delivery, Turn
from pipeline.frames import AnswerEnd

KEPT_OVER = 300
"""Turns remembered as over, so that speech heard again is not answered again: more than the
speech events retained for 30 s can name."""


class Link(Enum):
    """Whether there is a connection."""

    DOWN = auto()
    UP = auto()
    GONE = auto()
    """There is none, and none is to be expected soon."""


class Aftermath(Enum):
    """What the server still has to say about an answer that is over here."""

    CLEAR = auto()
    OWED = auto()
    """Its turnComplete; the answer itself was complete."""
    DRAINING = auto()
    """The rest of an interrupted answer, which nobody must hear."""
    INTERRUPTED = auto()
    """The turnComplete after `interrupted`."""


@dataclass(frozen=True)
class Limits:
    """What differs between models and settings. Times in seconds.

    Attributes:
        local_turns: The local detector cuts the turns; otherwise the server does.
        first_event_s: Silence after a turn that counts as frozen.
        stall_s: Silence in mid-answer that counts as frozen.
        grace_s: From generationComplete to taking the turn for complete; None: wait.
        follow_up_s: How long the model may take to speak about a tool result on its own.
        blocking: The model waits for its tools, and must not be sent speech meanwhile.
    """

    local_turns: bool = True
    first_event_s: float = 4.0
    stall_s: float = 10.0
    grace_s: float | None = 0.5
    follow_up_s: float = 0.0
    blocking: bool = True


@dataclass
class Book:
    """Mutable state of the exchange; `heard_*` is the sound at hand, in samples.

    Where the server cuts the turns, `stream_cursor` is the next sample to send, and sound from
    `answered_to` on is sent again if the connection breaks.
    """

    answers: Answers
    limits: Limits
    counters: Counter[str]
    owned: bool = True
    link: Link = Link.DOWN
    aftermath: Aftermath = Aftermath.CLEAR
    interrupted_s: float = 0.0
    turns: list[Turn] = field(default_factory=list)
    over: OrderedDict[str, None] = field(default_factory=OrderedDict)
    last: Turn | None = None
    heard_start: int = 0
    heard_end: int = 0
    stream_cursor: int | None = None
    answered_to: int = 0
    calls: Calls = field(init=False)

    def __post_init__(self) -> None:
        self.calls = Calls(self.counters)

    @property
    def head(self) -> Turn | None:
        """The turn whose answer the server makes; a newer one interrupts it, so it is the only."""
        return next((turn for turn in self.turns if turn.delivery is Delivery.SENT), None)

    def known(self, turn_id: str) -> Turn | None:
        """The open turn of that name."""
        return next((turn for turn in self.turns if turn.turn_id == turn_id), None)

    def complete(self, turn: Turn) -> list[Step]:
        """End a turn whose answer is all here; an answer without sound is none."""
        return self.end(turn, AnswerEnd.COMPLETE if turn.samples else AnswerEnd.EMPTY)

    def end(self, turn: Turn, end: AnswerEnd, detail: str = "") -> list[Step]:
        """Close a turn; what another backend owns is closed without a word."""
        self.drop(turn)
        if not self.owned:
            return []
        steps: list[Step] = []
        if end is AnswerEnd.FAILED:
            steps += [self.answers.cancel(call) for call in self.calls.abandoned(turn.turn_id)]
        steps += self.answers.ended(turn, end, detail)
        if end is AnswerEnd.COMPLETE:
            steps.append(Proved())
        return steps

    def drop(self, turn: Turn) -> None:
        """Forget a turn but for its name."""
        self.turns.remove(turn)
        self.last = turn
        self.remember(turn.turn_id)

    def remember(self, turn_id: str) -> None:
        """A turn of this name is over."""
        self.over[turn_id] = None
        while len(self.over) > KEPT_OVER:
            self.over.popitem(last=False)
