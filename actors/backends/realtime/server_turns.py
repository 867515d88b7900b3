"""What an event from the server means for the turns."""

from __future__ import annotations

from actors.backends.gemini.live.events import (
    AnswerChunk,
    CallRequested,
    CallsCancelled,
    Event,
    GenerationComplete,
    Interrupted,
    Said,
    TurnComplete,
    UsageReported,
)
from actors.backends.realtime.book import Aftermath, Book
from actors.backends.realtime.calls import Call, Reply
from actors.backends.realtime.steps import SendReply, Step
from actors.backends.realtime.turns import Delivery, Kind, Progress, Turn
from pipeline.frames import AnswerEnd, Side, turn_id

DRAIN_S = 1.0
"""By then the last of an interrupted answer is here: a round trip and what was under way."""
TOOL_PATIENCE_S = 60.0
"""Tools answer within limits of their own, which are shorter; later nobody will."""


def take(book: Book, event: Event, now_s: float) -> list[Step]:
    """Deal with one event. `GoAway` and `HandleIssued` are not about turns."""
    match event:
        case Interrupted():
            return _interrupted(book)
        case TurnComplete():
            return _turn_complete(book, now_s)
        case UsageReported():
            turn = book.head or book.last
            return [book.answers.usage(turn.turn_id if turn else "", event)]
        case Said(side=Side.USER):
            return _user_said(book, event, now_s)
        case CallsCancelled():
            return [book.answers.cancel(call) for call in book.calls.cancelled(event.call_ids)]
        case AnswerChunk() | Said() | GenerationComplete() | CallRequested():
            turn = _answering(book, now_s)
            if turn is None:
                book.counters["late_events"] += 1
                return []
            return _answer(book, turn, event, now_s)
    return []


def rearm(book: Book, turn: Turn, now_s: float) -> None:
    """The server gave a sign of life about `turn`."""
    limits = book.limits
    if book.calls.pending(turn.turn_id):
        turn.deadline_s = now_s + TOOL_PATIENCE_S
    elif turn.progress is Progress.GENERATED and limits.grace_s is not None:
        turn.deadline_s = now_s + limits.grace_s
    elif turn.begun or turn.kind is Kind.HEARD:
        turn.deadline_s = now_s + limits.stall_s
    else:
        turn.deadline_s = now_s + limits.first_event_s


def _answer(
    book: Book,
    turn: Turn,
    event: AnswerChunk | Said | GenerationComplete | CallRequested,
    now_s: float,
) -> list[Step]:
    book.aftermath = Aftermath.CLEAR
    turn.progress = Progress.ANSWERING
    if turn.kind is Kind.HEARD and not turn.begun:
        book.answered_to = book.stream_cursor or 0
    steps: list[Step] = []
    match event:
        case AnswerChunk():
            steps.append(book.answers.audio(turn, event))
        case Said():
            steps += book.answers.said(turn, event)
        case GenerationComplete():
            if book.limits.grace_s is not None and not book.calls.pending(turn.turn_id):
                turn.progress = Progress.GENERATED
        case CallRequested():
            asked = book.calls.requested(turn.turn_id, event.call_id, event.name, event.args)
            match asked:
                case Call():
                    steps.append(book.answers.call(asked))
                case Reply():
                    steps.append(SendReply(asked))
    rearm(book, turn, now_s)
    return steps


def _answering(book: Book, now_s: float) -> Turn | None:
    """The turn an answer belongs to; None if it belongs to one that is over."""
    turn = book.head
    if turn is None and not book.limits.local_turns:
        if book.aftermath is Aftermath.DRAINING:
            return None
        return _heard_turn(book, now_s)
    if book.aftermath is Aftermath.DRAINING and now_s - book.interrupted_s < DRAIN_S:
        return None
    return turn


def _interrupted(book: Book) -> list[Step]:
    turn = book.head
    over_already = book.aftermath is not Aftermath.CLEAR
    book.aftermath = Aftermath.INTERRUPTED
    if turn is None or over_already:
        return []
    return book.end(turn, AnswerEnd.INTERRUPTED)


def _turn_complete(book: Book, now_s: float) -> list[Step]:
    turn = book.head
    aftermath, book.aftermath = book.aftermath, Aftermath.CLEAR
    if turn is None or aftermath in {Aftermath.DRAINING, Aftermath.INTERRUPTED}:
        return []
    if aftermath is Aftermath.OWED and turn.progress is Progress.ASKED:
        return []
    if book.calls.pending(turn.turn_id):
        turn.progress = Progress.WORKING
        rearm(book, turn, now_s)
        return []
    if turn.replied and book.limits.follow_up_s:
        turn.replied = False
        turn.progress = Progress.WORKING
        turn.deadline_s = now_s + book.limits.follow_up_s
        return []
    return book.complete(turn)


def _user_said(book: Book, said: Said, now_s: float) -> list[Step]:
    """The user's words come in no fixed order with the answer, even after it."""
    started = [turn for turn in book.turns if turn.delivery is not Delivery.WAITING]
    if started:
        turn = started[-1]
        if turn is book.head and turn.progress in {Progress.ASKED, Progress.ANSWERING}:
            rearm(book, turn, now_s)
        return [*book.answers.said(turn, said)]
    late = book.last
    if not book.limits.local_turns and (late is None or late.user_text):
        return [*book.answers.said(_heard_turn(book, now_s), said)]
    if late is None:
        book.counters["late_events"] += 1
        return []
    return [*book.answers.said(late, said, final=True)]


def _heard_turn(book: Book, now_s: float) -> Turn:
    """A turn that the server found; it is named after the newest sample sent."""
    session = book.answers.session
    position = book.stream_cursor or 0
    while turn_id(session, position) in book.over:
        position += 1
    turn = Turn(turn_id(session, position), Kind.HEARD, start=position)
    turn.delivery = Delivery.SENT
    turn.progress = Progress.ASKED
    book.turns.append(turn)
    rearm(book, turn, now_s)
    return turn
