"""How answers end: as the service says, given up by it, or without an end of their own."""

from __future__ import annotations

from actors.backends.realtime.delivery import report_held
from actors.backends.realtime.events import TurnComplete
from actors.backends.realtime.steps import AbortLink, Note, Step
from actors.backends.realtime.turn_state import Drain, LinkState, TurnState
from actors.backends.realtime.turns import Progress, RealtimeTurn
from pipeline.frames import AnswerEnd


def interrupted(state: TurnState, now_s: float) -> list[Step]:
    """The service gave its answer up: because of what the user says, or of nothing."""
    turn = state.head
    over_already = state.drain is not Drain.CLEAR
    state.drain = Drain.INTERRUPTED
    if turn is None or over_already:
        return []
    if not state.limits.local_turns:
        return state.interrupt(turn, now_s)
    # Who listens here heard nobody speak: the service has given up its answer.
    state.counters["given_up_by_service"] += 1
    if turn.reported is not None and not turn.answer.begun:
        return state.interrupt(turn, now_s)
    if turn.progress in {Progress.GENERATED, Progress.PAUSED} or not turn.answer.samples:
        return state.complete(turn)
    return state.end(turn, AnswerEnd.FAILED, "the service broke off, though nobody spoke")


def step_complete(state: TurnState, now_s: float) -> list[Step]:
    """The service has nothing more to say for now; it has not said that it is idle.

    A model that waits for a function is not interrupted by who speaks now. One that thinks is: of
    its next step, something may come before its `interrupted`.
    """
    turn, drain = state.head, state.drain
    if drain is Drain.INTERRUPTED or (drain is Drain.DRAINING and state.calls.pending()):
        state.drain = Drain.CLEAR
    if turn is not None and drain is Drain.CLEAR:
        if state.calls.pending(turn.turn_id):
            turn.progress = Progress.WORKING
        state.rearm(turn, now_s)
    return []


def turn_complete(state: TurnState, complete: TurnComplete, now_s: float) -> list[Step]:
    """The service has nothing more to say."""
    turn = state.head
    state.late_results.idle(now_s)
    drain, state.drain = state.drain, Drain.CLEAR
    if drain in {Drain.DRAINING, Drain.INTERRUPTED}:
        return []
    if turn is None:
        return _when_idle(state, now_s)
    if drain is Drain.OWED and turn.progress is Progress.ASKED:
        return []
    if state.calls.pending(turn.turn_id):
        turn.progress = Progress.WORKING
        state.rearm(turn, now_s)
        return []
    if turn.replied and state.limits.follow_up_s:
        turn.replied = False
        turn.progress = Progress.WORKING
        turn.deadline_s = now_s + state.limits.follow_up_s
        return []
    if complete.broken and turn.answer.samples:
        why = f"the service broke off: {complete.broken}"
        steps = state.end(turn, AnswerEnd.FAILED, why)
    else:
        steps = state.complete(turn, complete.broken)
    return [*steps, *_when_idle(state, now_s)]


def _when_idle(state: TurnState, now_s: float) -> list[Step]:
    """Nothing is being said: what the user spoke over can be told, if they do not speak again."""
    return report_held(state, now_s) if state.owned and not state.turns else []


def cut(state: TurnState, turn: RealtimeTurn) -> list[Step]:
    """End an answer that does not end; nothing but the end of the connection stops the service."""
    limit = f"it was longer than {state.limits.longest_answer_s:g} s"
    state.counters["answers_cut"] += 1
    end = AnswerEnd.COMPLETE if turn.answer.samples else AnswerEnd.FAILED
    steps = state.end(turn, end, limit)
    state.link = LinkState.DOWN
    return [*steps, Note(f"the answer was cut off: {limit}", turn.turn_id), AbortLink()]
