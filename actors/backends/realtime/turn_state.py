"""The open turns of a session and what is known of them: no clock, no socket.

Each turn that is owned here ends with exactly one `AnswerEnded`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, auto

from actors.backends.answer import AnswerFrames, whole
from actors.backends.newest import Newest
from actors.backends.realtime import unasked_turns
from actors.backends.realtime.late_results import LateResults
from actors.backends.realtime.limits import Limits
from actors.backends.realtime.steps import Proved, Step
from actors.backends.realtime.turns import (
    UNASKED,
    WRITTEN,
    Delivery,
    Progress,
    RealtimeTurn,
    StreamCursor,
)
from actors.backends.records import KeptTurns
from actors.backends.tool_calls import ToolCalls
from actors.backends.turn_kind import TurnKind
from pipeline.frames import AnswerEnd

TURN_PATIENCE_S = 20.0
"""A turn that got no connection by then, or whose sound did not come, has failed: nobody waits
longer for an answer."""
TOOL_PATIENCE_S = 60.0
"""Tools answer within limits of their own, which are shorter; later nobody will."""


class LinkState(Enum):
    """Whether there is a connection."""

    DOWN = auto()
    UP = auto()
    GONE = auto()
    """There is none, and none is to be expected soon."""


class Drain(Enum):
    """What the server still has to say about an answer that is over here."""

    CLEAR = auto()
    OWED = auto()
    """Its turnComplete; the answer itself was complete."""
    DRAINING = auto()
    """The rest of an interrupted answer, which nobody must hear."""
    INTERRUPTED = auto()
    """The turnComplete after `interrupted`."""


@dataclass
class TurnState:
    """All that is known; `heard_*` is the sound at hand, in samples; times are monotonic seconds.

    `stream` is used where the server cuts the turns; sound from `answered_to` on is sent again if
    the connection breaks.
    """

    frames: AnswerFrames
    limits: Limits
    counters: Counter[str]
    owned: bool = True
    link: LinkState = LinkState.DOWN
    gone_reason: str = ""
    drain: Drain = Drain.CLEAR
    interrupted_s: float = 0.0
    turns: list[RealtimeTurn] = field(default_factory=list)
    over: Newest[None] = field(default_factory=Newest)
    last: RealtimeTurn | None = None
    """The newest that somebody asked and that is over."""
    heard_start: int = 0
    heard_end: int = 0
    stream: StreamCursor = field(default_factory=StreamCursor)
    answered_to: int = 0
    calls: ToolCalls = field(init=False)
    late_results: LateResults = field(init=False)
    continued: Newest[int] = field(default_factory=Newest)
    """Turns of whose answer the rest was said here, or some in a process before this one, and the
    epoch in which it was: what another backend left is said once."""

    def __post_init__(self) -> None:
        self.calls = ToolCalls(self.counters)
        self.late_results = LateResults(tell_s=self.limits.first_event_s)

    @property
    def head(self) -> RealtimeTurn | None:
        """The turn whose answer the server makes; a newer one interrupts it, so it is the only."""
        return next((turn for turn in self.turns if turn.delivery is Delivery.SENT), None)

    @property
    def linked(self) -> bool:
        """Whether what is sent reaches a server that is to answer."""
        return self.link is LinkState.UP and self.owned

    @property
    def held_up(self) -> bool:
        """Whether sound must wait: services have closed sessions sent audio while a tool ran."""
        return self.limits.blocking and self.calls.pending()

    @property
    def streaming(self) -> RealtimeTurn | StreamCursor | None:
        """What the next block belongs to and can be sent for at once; None: ask `Uplink`.

        It holds until the next edge: the begin or end of a turn, another route, the connection.
        """
        if not self.linked or self.held_up:
            return None
        if not self.limits.local_turns:
            ready = self.stream.cursor == self.heard_end and not self._typed_waits
            return self.stream if ready else None
        speaking = [t for t in self.turns if t.delivery is Delivery.OPEN and t.end is None]
        newest = speaking[-1] if speaking else None
        return newest if newest is not None and newest.cursor == self.heard_end else None

    @property
    def hold_from(self) -> int | None:
        """The oldest sample that may still have to be sent."""
        starts = [turn.oldest_sample for turn in self.turns]
        return min((start for start in starts if start is not None), default=None)

    @property
    def deadline_s(self) -> float | None:
        """When time is up for a turn next."""
        times = [t.deadline_s for t in self.turns if t.deadline_s is not None]
        return min(times, default=None)

    def known(self, turn_id: str) -> RealtimeTurn | None:
        """The open turn of that name."""
        return next((turn for turn in self.turns if turn.turn_id == turn_id), None)

    def ask(self, turn: RealtimeTurn, end: int, now_s: float) -> None:
        """All of a turn is known: it wants an answer."""
        turn.end = end
        turn.asked_s = now_s
        if turn.delivery is Delivery.WAITING:
            turn.progress = Progress.ASKED
        if turn.delivery is not Delivery.SENT:
            turn.deadline_s = now_s + TURN_PATIENCE_S

    def rearm(self, turn: RealtimeTurn, now_s: float) -> None:
        """The server gave a sign of life about a turn."""
        limits = self.limits
        if self.calls.pending(turn.turn_id):
            turn.deadline_s = now_s + TOOL_PATIENCE_S
        elif turn.progress is Progress.GENERATED and limits.grace_s is not None:
            turn.deadline_s = now_s + limits.grace_s
        elif turn.progress is Progress.PAUSED:
            turn.deadline_s = max(now_s, turn.played_s) + limits.first_event_s
        elif turn.answer.begun or turn.kind is TurnKind.HEARD:
            turn.deadline_s = now_s + limits.stall_s
        else:
            turn.deadline_s = now_s + limits.first_event_s
        if turn.begun_s is not None:
            turn.deadline_s = min(turn.deadline_s, turn.begun_s + limits.longest_answer_s)

    def is_too_long(self, turn: RealtimeTurn, now_s: float) -> bool:
        """Whether its answer has no end within reason."""
        longest_s = self.limits.longest_answer_s
        begun_s = turn.begun_s if turn.begun_s is not None else now_s
        return turn.sound_s >= longest_s or now_s - begun_s >= longest_s

    def complete(self, turn: RealtimeTurn, detail: str = "") -> list[Step]:
        """End a turn whose answer is all here; an answer without sound is none."""
        return self.end(turn, whole(turn.answer), detail)

    def end(self, turn: RealtimeTurn, end: AnswerEnd, detail: str = "") -> list[Step]:
        """Close a turn; what another backend owns is closed without a word."""
        self.drop(turn)
        if not self.owned:
            return []
        steps: list[Step] = []
        if end is AnswerEnd.FAILED:
            steps += [self.frames.cancel(call) for call in self.calls.abandoned(turn.turn_id)]
        elif not self.limits.blocking:
            self.calls.outlive(turn.turn_id)
        if turn.unasked is not None:
            return [*steps, *unasked_turns.end(self, turn, turn.unasked, end, detail)]
        steps += self.frames.ended(turn.answer, end, detail)
        if end is AnswerEnd.COMPLETE:
            steps.append(Proved())
        return steps

    def interrupt(self, turn: RealtimeTurn, now_s: float) -> list[Step]:
        """End a turn because of something that comes before it."""
        self.set_aside(turn, now_s)
        return self.end(turn, AnswerEnd.INTERRUPTED)

    def set_aside(self, turn: RealtimeTurn, now_s: float) -> None:
        """Keep the result that a turn is about, if none of it was told."""
        if turn.reported is not None and not turn.answer.begun:
            self.late_results.hold(turn.reported, now_s)

    def drop(self, turn: RealtimeTurn) -> None:
        """Forget a turn but for its name."""
        self.turns.remove(turn)
        if turn.kind is TurnKind.CONTINUED:
            self.continued[turn.turn_id] = self.frames.epoch
        if turn.kind not in UNASKED:
            self.last = turn
        self.remember(turn.turn_id)

    def remember(self, turn_id: str) -> None:
        """A turn of this name is over."""
        self.over[turn_id] = None

    def kept(self) -> KeptTurns:
        """Return what a process that takes over must know."""
        epoch = self.frames.epoch
        begun = {turn.turn_id: epoch for turn in self.turns if turn.is_told}
        heard = [turn.turn_id for turn in self.turns if turn.answer.samples]
        reports = [t.reported for t in self.turns if t.reported and not t.answer.begun]
        owed = [*self.calls.owed(heard), *self.late_results.untold(), *reports]
        return KeptTurns(list(self.over), begun, dict(self.continued), epoch, owed)

    def restore(self, kept: KeptTurns, now_s: float) -> None:
        """Know what a process that was killed knew; an answer that it had begun is over."""
        self.frames.epoch = kept.epoch
        for turn_id in (*kept.over, *kept.begun):
            self.remember(turn_id)
        self.continued.update(kept.answered | kept.begun)
        for call in kept.owed:
            self.calls.restore(call)
            if call.response is not None and not call.is_told(now_s):
                self.late_results.hold(call, now_s)

    @property
    def _typed_waits(self) -> bool:
        return any(t.kind in WRITTEN and t.delivery is Delivery.WAITING for t in self.turns)
