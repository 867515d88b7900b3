"""Pieces of transcript in any order, as lines in the order of the conversation."""

from __future__ import annotations

import math

from pipeline.frames import Outcome, Side, Transcript, TurnClosed
from pipeline.turns.dialogue import KEPT_TURNS, LATE_S, Dialogue

YOU, MODEL = Side.USER, Side.MODEL


def piece(side: Side, text: str, turn: str = "local:0", *, final: bool = True) -> Transcript:
    return Transcript(turn=turn, epoch=1, backend="live", side=side, text=text, final=final)


def closed(turn: str = "local:0") -> TurnClosed:
    return TurnClosed(turn=turn, outcome=Outcome.ANSWERED, by="live")


def test_pieces_are_joined_and_the_words_of_the_user_come_first() -> None:
    dialogue = Dialogue()
    assert dialogue.take(piece(MODEL, "twenty ", final=False)) == []
    assert dialogue.take(piece(MODEL, "degrees")) == []
    assert dialogue.take(piece(YOU, "how ", final=False)) == []
    assert dialogue.take(piece(YOU, "warm?")) == [(YOU, "how warm?")]
    assert dialogue.close(closed(), 0.0) == [(MODEL, "twenty degrees")]


def test_a_closed_turn_waits_for_the_words_of_the_user_f16() -> None:
    dialogue = Dialogue()
    dialogue.take(piece(MODEL, "twenty degrees"))
    assert dialogue.close(closed(), 10.0) == []
    assert dialogue.overdue(10.0 + LATE_S - 0.1) == []
    assert dialogue.take(piece(YOU, "how warm?")) == [(YOU, "how warm?"), (MODEL, "twenty degrees")]
    assert dialogue.overdue(math.inf) == []


def test_it_does_not_wait_for_ever_for_what_never_comes() -> None:
    dialogue = Dialogue()
    dialogue.take(piece(MODEL, "twenty degrees"))
    dialogue.close(closed(), 10.0)
    assert dialogue.overdue(10.0 + LATE_S) == [(MODEL, "twenty degrees")]
    assert dialogue.overdue(math.inf) == []


def test_the_answer_of_a_turn_stands_before_the_question_of_the_next() -> None:
    dialogue = Dialogue()
    dialogue.take(piece(MODEL, "twenty degrees"))
    dialogue.close(closed(), 10.0)
    lines = dialogue.take(piece(YOU, "and tomorrow?", "local:9"))
    assert lines == [(MODEL, "twenty degrees"), (YOU, "and tomorrow?")]


def test_words_that_come_when_all_is_over_are_not_kept_for_ever() -> None:
    dialogue = Dialogue()
    for number in range(3 * KEPT_TURNS):
        dialogue.take(piece(YOU, "late", f"local:{number}"))
    assert len(dialogue._turns) == KEPT_TURNS
