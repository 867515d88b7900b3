"""Delivery of turns: the steps by which a server is told what it does not have yet."""

from __future__ import annotations

from actors.backends.realtime.late_results import report_of
from actors.backends.realtime.link import Activity
from actors.backends.realtime.steps import SendActivity, SendAudio, SendText, Step
from actors.backends.realtime.turn_state import Drain, LinkState, TurnState
from actors.backends.realtime.turns import WRITTEN, Delivery, Progress, RealtimeTurn
from actors.backends.realtime.unasked_turns import new_name
from actors.backends.tool_calls import CallRecord
from actors.backends.turn_kind import TurnKind
from pipeline.frames import AnswerEnd, Side

WENT_ON = "the user went on speaking"


def report(state: TurnState, call: CallRecord, now_s: float) -> list[Step]:
    """Have the model tell what came of a function whose call its connection does not know.

    While another backend answers, it waits for the turns to come back.
    """
    if not state.owned:
        state.late_results.hold(call, now_s)
        return []
    name, text = new_name(state, now_s), report_of(call)
    return write(state, RealtimeTurn(name, TurnKind.REPORTED, text=text, reported=call), now_s)


def report_held(state: TurnState, now_s: float) -> list[Step]:
    """Tell of the results that came while nobody here could, or that the user spoke over."""
    held, late = state.late_results.release(now_s)
    state.counters["results_dropped"] += late
    return [step for call in held for step in report(state, call, now_s)]


def go_on(state: TurnState, turn_id: str, text: str, now_s: float) -> list[Step]:
    """Have the model say what another backend has left unspoken of the answer to a turn.

    It is said once in an epoch of the route, and not at all once the user has gone on.
    """
    turn = state.known(turn_id)
    if state.continued.get(turn_id) == state.frames.epoch:
        return []
    if turn is not None and turn.delivery is not Delivery.WAITING:
        return []
    if state.turns and turn is not state.turns[-1]:
        return state.end(turn, AnswerEnd.INTERRUPTED, WENT_ON) if turn is not None else []
    if turn is not None:
        state.turns.remove(turn)
    return write(state, RealtimeTurn(turn_id, TurnKind.CONTINUED, text=text), now_s)


def write(state: TurnState, turn: RealtimeTurn, now_s: float) -> list[Step]:
    """Take a turn that is sent as text."""
    state.turns.append(turn)
    state.ask(turn, 0, now_s)
    return deliver_or_fail(state, turn, now_s)


def deliver_or_fail(state: TurnState, turn: RealtimeTurn, now_s: float) -> list[Step]:
    """Deliver, now that all of a turn is known; without a connection to come, it has failed."""
    if state.link is LinkState.GONE and state.owned:
        return state.end(turn, AnswerEnd.FAILED, state.gone_reason)
    return deliver(state, now_s)


def deliver(state: TurnState, now_s: float) -> list[Step]:
    """Return the steps that bring the server up to date."""
    if not state.linked or state.held_up:
        return []
    if not state.limits.local_turns:
        return [*_stream(state), *_typed(state, now_s)]
    steps: list[Step] = []
    for turn in _spoken(state, Delivery.OPEN):
        steps += _advance(state, turn, now_s)
    waiting = _spoken(state, Delivery.WAITING)
    if waiting and not _spoken(state, Delivery.OPEN):
        steps += _open(state, waiting[-1], waiting[:-1], now_s)
        steps += _advance(state, waiting[-1], now_s)
    return [*steps, *_typed(state, now_s)]


def interrupt(state: TurnState, turn: RealtimeTurn, now_s: float) -> list[Step]:
    """The user takes the floor while `turn` is answered."""
    state.interrupted_s = now_s
    if turn.progress is Progress.GENERATED:
        state.drain = Drain.OWED
        return state.complete(turn)
    # A server that waits for a function, and has said so, has nothing left to say.
    waits = turn.progress is Progress.WORKING and state.calls.pending(turn.turn_id)
    state.drain = Drain.CLEAR if waits else Drain.DRAINING
    return state.interrupt(turn, now_s)


def _spoken(state: TurnState, delivery: Delivery) -> list[RealtimeTurn]:
    return [
        turn for turn in state.turns if turn.kind is TurnKind.SPOKEN and turn.delivery is delivery
    ]


def _open(
    state: TurnState, turn: RealtimeTurn, unsent: list[RealtimeTurn], now_s: float
) -> list[Step]:
    """Begin a spoken turn. It interrupts the answer to the turn before.

    Turns that never got through become the first part of this one: two activities in a row would
    leave it open which of them an answer belongs to.
    """
    steps: list[Step] = []
    for earlier in unsent:
        turn.lead = (*turn.lead, *earlier.pieces())
        steps += state.end(earlier, AnswerEnd.INTERRUPTED, WENT_ON)
    sound = turn.lead
    answering = state.head
    if answering is not None:
        if not answering.answer.begun:
            # The server has it; should this connection break, the next one does not.
            turn.lead = (*answering.pieces(), *turn.lead)
        steps += interrupt(state, answering, now_s)
    if turn.oldest_sample is not None and turn.oldest_sample < state.heard_start:
        state.counters["turns_cut_short"] += 1
    steps.append(SendActivity(Activity.STARTED))
    steps += [SendAudio(start, end) for start, end in sound]
    turn.delivery = Delivery.OPEN
    turn.cursor = turn.start
    return steps


def _advance(state: TurnState, turn: RealtimeTurn, now_s: float) -> list[Step]:
    steps: list[Step] = []
    end = state.heard_end if turn.end is None else min(turn.end, state.heard_end)
    if end > turn.cursor:
        steps.append(SendAudio(turn.cursor, end))
        turn.cursor = end
    if turn.end is not None and turn.cursor >= turn.end:
        steps.append(SendActivity(Activity.ENDED))
        _sent(state, turn, now_s)
    return steps


def _typed(state: TurnState, now_s: float) -> list[Step]:
    """Typed turns wait until nothing else is under way: each gets an answer of its own."""
    if any(turn.delivery is not Delivery.WAITING for turn in state.turns):
        return []
    turn = next((each for each in state.turns if each.kind in WRITTEN), None)
    if turn is None:
        return []
    _sent(state, turn, now_s)
    if turn.kind is not TurnKind.TYPED:
        return [SendText(turn.text)]
    said = state.frames.said(turn.answer, Side.USER, turn.text, final=True)
    return [*said, SendText(turn.text)]


def _sent(state: TurnState, turn: RealtimeTurn, now_s: float) -> None:
    turn.delivery = Delivery.SENT
    turn.progress = Progress.ASKED
    turn.deadline_s = now_s + state.limits.first_event_s


def _stream(state: TurnState) -> list[Step]:
    stream = state.stream
    if stream.cursor is None:
        stream.cursor = max(state.heard_start, state.answered_to)
    if state.heard_end <= stream.cursor:
        return []
    step = SendAudio(stream.cursor, state.heard_end)
    stream.cursor = state.heard_end
    return [step]
