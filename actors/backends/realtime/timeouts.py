"""What becomes of turns whose time is up."""

from __future__ import annotations

from actors.backends.realtime.answer_ends import cut
from actors.backends.realtime.delivery import deliver
from actors.backends.realtime.steps import AbortLink, Freeze, SendReply, Step
from actors.backends.realtime.turn_state import Drain, LinkState, TurnState
from actors.backends.realtime.turns import Delivery, Progress, RealtimeTurn
from actors.backends.tool_calls import ToolReply
from actors.backends.turn_kind import TurnKind
from pipeline.frames import AnswerEnd


def expire(state: TurnState, now_s: float) -> list[Step]:
    """Return what to do at `now_s`, monotonic seconds."""
    steps: list[Step] = []
    for turn in list(state.turns):
        if turn.deadline_s is None or now_s < turn.deadline_s:
            continue
        turn.deadline_s = None
        if turn.delivery is Delivery.OPEN:
            # Its sound never came. What the server has begun cannot be taken back, and the
            # next turn must not begin within it.
            steps += [*state.end(turn, AnswerEnd.FAILED, "its sound is missing"), AbortLink()]
            state.link = LinkState.DOWN
        elif turn.delivery is Delivery.WAITING:
            if not state.owned:
                state.set_aside(turn, now_s)
            steps += state.end(turn, AnswerEnd.FAILED, "no connection in time")
        elif state.is_too_long(turn, now_s):
            steps += cut(state, turn)
        elif state.calls.pending(turn.turn_id):
            steps += _give_up_calls(state, turn, now_s)
        elif turn.progress is Progress.GENERATED or _waits_for_another(state, turn):
            state.drain = Drain.OWED
            steps += state.complete(turn)
        elif turn.progress is Progress.WORKING or turn.kind is TurnKind.UNASKED:
            # Nobody waits for more of what nobody asked for.
            steps += state.complete(turn)
        else:
            steps += _freeze(state, turn)
    return [*steps, *deliver(state, now_s)]


def _waits_for_another(state: TurnState, turn: RealtimeTurn) -> bool:
    """Whether a model that tells when it is idle does not, for a function of an earlier turn."""
    said_all = turn.progress is Progress.PAUSED and turn.answer.samples > 0
    return said_all and state.calls.pending()


def _freeze(state: TurnState, turn: RealtimeTurn) -> list[Step]:
    """Give up the connection that owes an answer; the next one gets the turn, once.

    Nothing is sent to wake the server first. Content with turnComplete interrupts: an answer
    that was only slow would be cut off, and made a second time. What comes of a second
    activityEnd is documented nowhere, and what the service does not expect, such as a second
    setup, it meets with 1007, which costs the session and its handle.
    """
    turn.freezes += 1
    # An answer that comes now, before the connection is closed, would be cut off by that.
    state.link = LinkState.DOWN
    what = "the answer stalled" if turn.answer.begun else "no answer came"
    steps: list[Step] = [Freeze(what)]
    if turn.answer.begun or turn.freezes > 1:
        steps = [*state.end(turn, AnswerEnd.FAILED, what), *steps]
    return steps


def _give_up_calls(state: TurnState, turn: RealtimeTurn, now_s: float) -> list[Step]:
    steps: list[Step] = []
    for call in state.calls.abandoned(turn.turn_id):
        reply = ToolReply(call.wire_id, call.name, {"error": "no result in time"})
        steps += [state.frames.cancel(call), SendReply(reply)]
    state.rearm(turn, now_s)
    return steps
