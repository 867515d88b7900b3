"""Turns in which the service speaks and nobody has asked: how they begin, go on and end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.backends.answer import Publish
from actors.backends.realtime.events import AnswerChunk, CallRequested, Event, Said
from actors.backends.realtime.steps import Note, Step
from actors.backends.realtime.turns import Delivery, Progress, RealtimeTurn
from actors.backends.realtime.unasked import UnaskedAnswer, UnaskedKind, Verdict
from actors.backends.turn_kind import TurnKind
from pipeline.frames import AnswerEnd, Side, ToolCall, ToolCancel, unasked_turn_id

if TYPE_CHECKING:
    from actors.backends.realtime.turn_state import TurnState


def begins(event: Event) -> bool:
    """Whether a service that says this speaks; the end of something is no beginning."""
    match event:
        case AnswerChunk() | CallRequested():
            return True
        case Said(side=Side.MODEL, text=text):
            return bool(text.strip())
    return False


def new_name(state: TurnState, now_s: float) -> str:
    """Name a turn that begins now."""
    session, at_ns = state.frames.session, int(now_s * 1e9)
    while (name := unasked_turn_id(session, at_ns)) in state.over or state.known(name):
        at_ns += 1
    return name


def begin(state: TurnState, now_s: float) -> RealtimeTurn:
    """Open such a turn."""
    owed = state.late_results.is_owed
    turn = RealtimeTurn(new_name(state, now_s), TurnKind.UNASKED)
    turn.unasked = UnaskedAnswer(UnaskedKind.RESULT if owed else UnaskedKind.ITSELF)
    turn.end = turn.start
    turn.delivery = Delivery.SENT
    turn.progress = Progress.ASKED
    state.late_results.told()
    state.turns.append(turn)
    return turn


def go_on(
    state: TurnState, turn: RealtimeTurn, unasked: UnaskedAnswer, steps: list[Step]
) -> list[Step]:
    """Return what is to be done at once of what an event means.

    Args:
        state: Of the session.
        turn: Such a turn.
        unasked: How it stands.
        steps: What would be done if somebody had asked.
    """
    now: list[Step] = []
    for step in steps:
        if not isinstance(step, Publish) or isinstance(step.frame, ToolCall | ToolCancel):
            now.append(step)
        elif unasked.verdict is not Verdict.REFUSED:
            unasked.held.append(step)
    return [*now, *_settle(state, turn, unasked)]


def end(
    state: TurnState, turn: RealtimeTurn, unasked: UnaskedAnswer, how: AnswerEnd, detail: str
) -> list[Step]:
    """Return the steps that end such a turn; one of which nothing was played ends without a word.

    Broken off, it was a remark that nobody waits for, unless it is about a function.
    """
    steps: list[Step] = []
    if how is AnswerEnd.COMPLETE:
        steps += _settle(state, turn, unasked, over=True)
    heard = unasked.verdict is Verdict.PLAYED and turn.answer.samples > 0
    if not heard and not (unasked.is_waited_for and unasked.verdict is Verdict.PLAYED):
        words = turn.answer.model_text
        if words and not turn.answer.samples and state.last is not None:
            # Words of the answer before, which came after its end.
            steps += state.frames.said(state.last.answer, Side.MODEL, words, final=True)
        return steps
    if how is AnswerEnd.FAILED and not unasked.is_waited_for:
        how = AnswerEnd.INTERRUPTED
    return [*steps, *state.frames.ended(turn.answer, how, detail)]


def _settle(
    state: TurnState, turn: RealtimeTurn, unasked: UnaskedAnswer, *, over: bool = False
) -> list[Step]:
    steps: list[Step] = []
    before = state.last.answer.model_text if state.last is not None else ""
    words = turn.answer.model_text
    # Words alone may be late ones of the answer before.
    if (turn.answer.samples or over) and unasked.judge(
        state.limits.unasked, words, turn.sound_s, before, over=over
    ):
        played = unasked.verdict is Verdict.PLAYED
        state.counters["unasked_played" if played else "unasked_refused"] += 1
        what = "played" if played else "not played"
        said = f"nobody asked, and the service {unasked.kind}: {what}"
        steps.append(Note(said, turn.turn_id, words.strip()))
        if not played:
            unasked.held.clear()
    if unasked.verdict is Verdict.PLAYED:
        steps += unasked.held
        unasked.held.clear()
    return steps
