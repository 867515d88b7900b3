"""What comes from the server: what a connection and its events mean for the turns."""

from __future__ import annotations

from actors.backends.answer import Tokens
from actors.backends.realtime import answer_ends, unasked_turns
from actors.backends.realtime.delivery import deliver, report
from actors.backends.realtime.events import (
    AnswerChunk,
    CallRequested,
    CallsCancelled,
    Connecting,
    Event,
    GenerationComplete,
    Interrupted,
    LinkChange,
    LinkDown,
    LinkGone,
    LinkUp,
    Said,
    StepComplete,
    TurnComplete,
)
from actors.backends.realtime.steps import SendReply, Step
from actors.backends.realtime.turn_state import (
    TURN_PATIENCE_S,
    Drain,
    LinkState,
    TurnState,
)
from actors.backends.realtime.turns import UNASKED, Delivery, Progress, RealtimeTurn
from actors.backends.tool_calls import CallRecord, ToolReply
from actors.backends.turn_kind import TurnKind
from pipeline.frames import AnswerEnd, Side, turn_id

DRAIN_S = 1.0
"""By then the last of an interrupted answer is here: a round trip and what was under way."""


class Downlink:
    """Takes what happened and the monotonic time in seconds; returns the steps to take."""

    def __init__(self, state: TurnState) -> None:
        self._state = state

    def link_up(self, now_s: float) -> list[Step]:
        """Setup is confirmed."""
        self._state.link = LinkState.UP
        return deliver(self._state, now_s)

    def link_down(self, detail: str, now_s: float) -> list[Step]:
        """The connection is gone: turns whose answer has not begun wait for the next one."""
        state = self._state
        state.link = LinkState.DOWN
        state.drain = Drain.CLEAR
        state.stream.cursor = None
        state.calls.released()
        steps: list[Step] = []
        for turn in list(state.turns):
            if turn.delivery is Delivery.WAITING:
                continue
            if turn.progress is Progress.GENERATED:
                steps += state.complete(turn)
            elif turn.answer.begun or turn.kind in (TurnKind.HEARD, TurnKind.UNASKED):
                steps += state.end(turn, AnswerEnd.FAILED, f"cut off: {detail}")
            else:
                turn.rewind()
                turn.deadline_s = turn.asked_s + TURN_PATIENCE_S if turn.asked_s else None
        for call in state.late_results.lost(now_s):
            steps += report(state, call, now_s)
        return steps

    def link_gone(self, reason: str) -> list[Step]:
        """There will be no connection soon: complete turns fail, for another backend to take."""
        state = self._state
        state.link = LinkState.GONE
        state.gone_reason = reason
        if not state.owned:
            return []
        steps: list[Step] = []
        for turn in list(state.turns):
            if turn.end is not None:
                steps += state.end(turn, AnswerEnd.FAILED, reason)
        return steps

    def on_link(self, change: LinkChange, now_s: float) -> list[Step]:
        """Something became of the connection."""
        match change:
            case LinkUp():
                return self.link_up(now_s)
            case LinkDown(reason):
                return self.link_down(reason, now_s)
            case LinkGone(reason):
                return self.link_gone(reason)
            case Connecting():
                self._state.link = LinkState.DOWN
        return []

    def on_event(self, event: Event, now_s: float) -> list[Step]:
        """The server said something. `GoAway` and `HandleIssued` are not about turns.

        On a connection that was given up it says nothing that counts.
        """
        if self._state.link is not LinkState.UP:
            return []
        return [*_turn_event(self._state, event, now_s), *deliver(self._state, now_s)]


def _turn_event(state: TurnState, event: Event, now_s: float) -> list[Step]:
    match event:
        case Interrupted():
            return answer_ends.interrupted(state, now_s)
        case StepComplete():
            return answer_ends.step_complete(state, now_s)
        case TurnComplete():
            return answer_ends.turn_complete(state, event, now_s)
        case Tokens():
            turn = state.head or state.last
            return [state.frames.usage(turn.turn_id if turn else "", event)]
        case Said(side=Side.USER):
            return _user_said(state, event, now_s)
        case CallsCancelled():
            return [state.frames.cancel(call) for call in state.calls.cancelled(event.call_ids)]
        case AnswerChunk() | Said() | GenerationComplete() | CallRequested():
            turn = _answering(state, event, now_s)
            if turn is None:
                return _late(state, event)
            steps = _answer(state, turn, event, now_s)
            if turn.unasked is not None:
                steps = unasked_turns.go_on(state, turn, turn.unasked, steps)
            if state.is_too_long(turn, now_s):
                steps += answer_ends.cut(state, turn)
            return steps
    return []


def _answer(
    state: TurnState,
    turn: RealtimeTurn,
    event: AnswerChunk | Said | GenerationComplete | CallRequested,
    now_s: float,
) -> list[Step]:
    state.drain = Drain.CLEAR
    turn.progress = Progress.ANSWERING
    turn.begun_s = now_s if turn.begun_s is None else turn.begun_s
    if turn.kind is TurnKind.HEARD and not turn.answer.begun:
        state.answered_to = state.stream.cursor or 0
    steps: list[Step] = []
    match event:
        case AnswerChunk():
            steps.append(state.frames.audio(turn.answer, event.pcm, event.rate_hz))
            length_s = len(event.pcm) / 2 / event.rate_hz
            turn.played_s = max(now_s, turn.played_s) + length_s
            turn.sound_s += length_s
        case Said():
            steps += _said(state, turn, event)
        case GenerationComplete():
            # What is said about a result comes as a turn of its own, when this one is played.
            follows = turn.replied and state.limits.follow_up_s > 0
            if not follows and not state.calls.pending(turn.turn_id):
                ends = state.limits.grace_s is not None
                turn.progress = Progress.GENERATED if ends else Progress.PAUSED
        case CallRequested():
            asked = state.calls.requested(turn.turn_id, event.call_id, event.name, event.args)
            match asked:
                case CallRecord():
                    steps.append(state.frames.call(asked))
                case ToolReply():
                    turn.replied = True
                    steps.append(SendReply(asked))
    state.rearm(turn, now_s)
    return steps


def _late(state: TurnState, event: Event) -> list[Step]:
    """What belongs to an answer that is over: the words of one that was heard are still wanted."""
    if isinstance(event, Said) and state.drain is Drain.OWED and state.last is not None:
        return [*state.frames.said(state.last.answer, Side.MODEL, event.text, final=True)]
    state.counters["late_events"] += 1
    return []


def _answering(state: TurnState, event: Event, now_s: float) -> RealtimeTurn | None:
    """The turn an answer belongs to; None if it belongs to one that is over."""
    turn = state.head
    if turn is None and not state.limits.local_turns:
        if state.drain is Drain.DRAINING:
            return None
        return _heard_turn(state, now_s)
    if state.drain is Drain.DRAINING and now_s - state.interrupted_s < DRAIN_S:
        return None
    if turn is not None or state.turns or not state.linked or not unasked_turns.begins(event):
        return turn
    late_words = isinstance(event, Said) and state.drain is Drain.OWED
    if state.drain is Drain.INTERRUPTED or (late_words and not state.late_results.is_owed):
        return None
    return unasked_turns.begin(state, now_s)


def _user_said(state: TurnState, said: Said, now_s: float) -> list[Step]:
    """The user's words come in no fixed order with the answer, even after it."""
    started = [
        turn
        for turn in state.turns
        if turn.delivery is not Delivery.WAITING and turn.kind not in UNASKED
    ]
    late = state.last
    # What is heard of the turn before comes until the service has let go of it, which it does not
    # always say.
    letting_go = state.drain is Drain.DRAINING and now_s - state.interrupted_s < DRAIN_S
    before = late is not None and (
        letting_go or (state.drain is Drain.OWED and not late.answer.user_text)
    )
    if started and not (before and state.limits.local_turns):
        turn = started[-1]
        if turn is state.head and turn.progress in {Progress.ASKED, Progress.ANSWERING}:
            state.rearm(turn, now_s)
        return _said(state, turn, said)
    if not state.limits.local_turns and (late is None or late.answer.user_text):
        return _said(state, _heard_turn(state, now_s), said)
    if late is None:
        state.counters["late_events"] += 1
        return []
    return [*state.frames.said(late.answer, said.side, said.text, final=True)]


def _said(state: TurnState, turn: RealtimeTurn, said: Said) -> list[Step]:
    return [*state.frames.said(turn.answer, said.side, said.text, final=said.finished)]


def _heard_turn(state: TurnState, now_s: float) -> RealtimeTurn:
    """A turn that the server found; it is named after the newest sample sent."""
    session = state.frames.session
    position = state.stream.cursor or 0
    while turn_id(session, position) in state.over:
        position += 1
    turn = RealtimeTurn(turn_id(session, position), TurnKind.HEARD, start=position)
    turn.delivery = Delivery.SENT
    turn.progress = Progress.ASKED
    state.turns.append(turn)
    state.rearm(turn, now_s)
    return turn
