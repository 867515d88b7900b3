"""What to send to the server next: compares what the turns hold with what it has."""

from __future__ import annotations

from actors.backends.gemini.live.events import Said
from actors.backends.realtime.book import Aftermath, Book, Link
from actors.backends.realtime.steps import EndActivity, SendAudio, SendText, StartActivity, Step
from actors.backends.realtime.turns import Delivery, Kind, Progress, Turn
from pipeline.frames import AnswerEnd, Side


def deliver(book: Book, now_s: float) -> list[Step]:
    """Return the steps that bring the server up to date."""
    if book.link is not Link.UP or not book.owned:
        return []
    if book.limits.blocking and book.calls.pending():
        # The service has closed sessions that were sent audio while a tool ran.
        return []
    if not book.limits.local_turns:
        return [*_stream(book), *_typed(book, now_s)]
    steps: list[Step] = []
    for turn in _undelivered(book, Delivery.OPEN):
        steps += _advance(book, turn, now_s)
    waiting = _undelivered(book, Delivery.WAITING)
    if waiting and not _undelivered(book, Delivery.OPEN):
        steps += _open(book, waiting[-1], waiting[:-1], now_s)
        steps += _advance(book, waiting[-1], now_s)
    return [*steps, *_typed(book, now_s)]


def _undelivered(book: Book, delivery: Delivery) -> list[Turn]:
    return [turn for turn in book.turns if turn.kind is Kind.SPOKEN and turn.delivery is delivery]


def _open(book: Book, turn: Turn, unsent: list[Turn], now_s: float) -> list[Step]:
    """Begin a spoken turn. It interrupts the answer to the turn before.

    Turns that never got through become the first part of this one: two activities in a row would
    leave it open which of them an answer belongs to.
    """
    steps: list[Step] = []
    for earlier in unsent:
        turn.lead = (*turn.lead, *earlier.pieces())
        steps += book.end(earlier, AnswerEnd.INTERRUPTED, "the user went on speaking")
    sound = turn.lead
    answering = book.head
    if answering is not None:
        if not answering.begun:
            # The server has it; should this connection break, the next one does not.
            turn.lead = (*answering.pieces(), *turn.lead)
        steps += interrupt(book, answering, now_s)
    if turn.oldest_sample is not None and turn.oldest_sample < book.heard_start:
        book.counters["turns_cut_short"] += 1
    steps.append(StartActivity())
    steps += [SendAudio(start, end) for start, end in sound]
    turn.delivery = Delivery.OPEN
    turn.cursor = turn.start
    return steps


def interrupt(book: Book, turn: Turn, now_s: float) -> list[Step]:
    """The user takes the floor while `turn` is answered."""
    book.interrupted_s = now_s
    if turn.progress is Progress.GENERATED:
        book.aftermath = Aftermath.OWED
        return book.complete(turn)
    book.aftermath = Aftermath.DRAINING
    return book.end(turn, AnswerEnd.INTERRUPTED)


def _advance(book: Book, turn: Turn, now_s: float) -> list[Step]:
    steps: list[Step] = []
    end = book.heard_end if turn.end is None else min(turn.end, book.heard_end)
    if end > turn.cursor:
        steps.append(SendAudio(turn.cursor, end))
        turn.cursor = end
    if turn.end is not None and turn.cursor >= turn.end:
        steps.append(EndActivity())
        _sent(book, turn, now_s)
    return steps


def _typed(book: Book, now_s: float) -> list[Step]:
    """Typed turns wait until nothing else is under way: each gets an answer of its own."""
    if any(turn.delivery is not Delivery.WAITING for turn in book.turns):
        return []
    turn = next((each for each in book.turns if each.kind is Kind.TYPED), None)
    if turn is None:
        return []
    _sent(book, turn, now_s)
    return [*book.answers.said(turn, Said(Side.USER, turn.text), final=True), SendText(turn.text)]


def _sent(book: Book, turn: Turn, now_s: float) -> None:
    turn.delivery = Delivery.SENT
    turn.progress = Progress.ASKED
    turn.deadline_s = now_s + book.limits.first_event_s


def _stream(book: Book) -> list[Step]:
    if book.stream_cursor is None:
        book.stream_cursor = max(book.heard_start, book.answered_to)
    if book.heard_end <= book.stream_cursor:
        return []
    step = SendAudio(book.stream_cursor, book.heard_end)
    book.stream_cursor = book.heard_end
    return [step]
