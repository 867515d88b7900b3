"""Pieces of transcript in any order, as lines in the order of the conversation."""

from __future__ import annotations

import math
from typing import Any

from pipeline.frames import Outcome, Side, Transcript, TurnClosed
from pipeline.turns.transcript_lines import KEPT_TURNS, LATE_S, TranscriptLine, TranscriptLines

YOU, MODEL = Side.USER, Side.MODEL


def piece(
    side: Side,
    text: str,
    turn: str = "local:0",
    *,
    final: bool = True,
    epoch: int = 1,
    session: str = "local",
) -> Transcript:
    return Transcript(
        session=session,
        turn=turn,
        epoch=epoch,
        backend="live",
        side=side,
        text=text,
        final=final,
    )


def user(text: str, **fields: Any) -> Transcript:
    return piece(YOU, text, **fields)


def model(text: str, **fields: Any) -> Transcript:
    return piece(MODEL, text, **fields)


def closed(turn: str = "local:0", **fields: Any) -> TurnClosed:
    return TurnClosed(**{"session": "local", "turn": turn, "outcome": Outcome.ANSWERED} | fields)


def lines_of(*events: Transcript | TurnClosed) -> list[tuple[Side, str]]:
    transcript = TranscriptLines()
    lines: list[TranscriptLine] = []
    for event in events:
        add = isinstance(event, Transcript)
        lines += transcript.add(event) if add else transcript.close(event, 0)
    return [(line.side, line.text) for line in lines]


def test_what_nobody_asked_for_is_a_line_at_once() -> None:
    said = model("Are you still there?", turn="local:u5")
    assert lines_of(user("hello"), said) == [(YOU, "hello"), (MODEL, "Are you still there?")]
    assert lines_of(closed("local:u5", answer="Well then.")) == [(MODEL, "Well then.")]


def test_pieces_are_joined_and_the_words_of_the_user_come_first() -> None:
    transcript = TranscriptLines()
    assert transcript.add(piece(MODEL, "twenty ", final=False)) == []
    assert transcript.add(piece(MODEL, "degrees")) == []
    assert transcript.add(piece(YOU, "how ", final=False)) == []
    lines = transcript.add(piece(YOU, "warm?"))
    assert lines == [
        TranscriptLine("local", YOU, "how warm?"),
        TranscriptLine("local", MODEL, "twenty degrees"),
    ]
    assert transcript.close(closed(), 0.0) == []


def test_a_closed_turn_waits_for_the_words_of_the_user_f16() -> None:
    transcript = TranscriptLines()
    transcript.add(piece(MODEL, "twenty degrees"))
    assert transcript.close(closed(), 10.0) == []
    assert transcript.overdue(10.0 + LATE_S - 0.1) == []
    assert transcript.add(piece(YOU, "how warm?")) == [
        TranscriptLine("local", YOU, "how warm?"),
        TranscriptLine("local", MODEL, "twenty degrees"),
    ]
    assert transcript.overdue(math.inf) == []


def test_it_does_not_wait_for_ever_for_what_never_comes() -> None:
    transcript = TranscriptLines()
    transcript.add(piece(MODEL, "twenty degrees"))
    transcript.close(closed(), 10.0)
    assert transcript.overdue(10.0 + LATE_S) == [TranscriptLine("local", MODEL, "twenty degrees")]
    assert transcript.overdue(math.inf) == []


def test_the_answer_of_a_turn_stands_before_the_question_of_the_next() -> None:
    transcript = TranscriptLines()
    transcript.add(piece(MODEL, "twenty degrees"))
    transcript.close(closed(), 10.0)
    lines = transcript.add(piece(YOU, "and tomorrow?", "local:9"))
    assert lines == [
        TranscriptLine("local", MODEL, "twenty degrees"),
        TranscriptLine("local", YOU, "and tomorrow?"),
    ]


def test_pieces_are_joined_and_a_line_when_final() -> None:
    assert lines_of(user("go ", final=False), user("forward", final=False)) == []
    assert lines_of(user("go ", final=False), user("forward")) == [(YOU, "go forward")]


def test_the_user_comes_first_even_if_the_transcript_comes_after_the_answer() -> None:
    assert lines_of(model("Going."), user("go")) == [(YOU, "go"), (MODEL, "Going.")]


def test_what_is_not_final_is_a_line_when_the_turn_closes() -> None:
    spoken = (model("Go", final=False), user("go", final=False))
    assert lines_of(*spoken, closed()) == [(YOU, "go"), (MODEL, "Go")]


def test_a_turn_closed_without_transcripts_has_the_words_of_the_verdict() -> None:
    assert lines_of(closed(said="go", answer="Going.")) == [(YOU, "go"), (MODEL, "Going.")]


def test_a_later_turn_follows_what_is_left_of_the_one_before_it() -> None:
    lines = lines_of(
        user("tell me a story"),
        model("Once upon", final=False),
        user("stop", turn="local:9"),
        model(" a time", final=False),
        closed(outcome=Outcome.INTERRUPTED),
        closed(turn="local:9"),
    )
    assert lines == [(YOU, "tell me a story"), (MODEL, "Once upon"), (YOU, "stop")]


def test_what_an_overtaken_turn_says_on_is_not_lost() -> None:
    lines = lines_of(
        user("tell me a story"),
        model("Once upon", final=False),
        user("hm", turn="local:9"),
        model(" a time"),
    )
    assert lines[-2:] == [(YOU, "hm"), (MODEL, "a time")]


def test_after_a_change_of_backend_the_answer_is_that_of_the_new_one() -> None:
    lines = lines_of(
        user("hello"),
        model("Hel", final=False),
        model("Good day.", final=False, epoch=2),
        model("lo"),
        closed(),
    )
    assert lines == [(YOU, "hello"), (MODEL, "Good day.")]


def test_a_piece_for_an_ended_turn_is_left_out() -> None:
    lines = lines_of(closed(said="hi", answer="Hello."), model("Hello."))
    assert lines == [(YOU, "hi"), (MODEL, "Hello.")]


def test_a_hundred_sessions_lose_no_word_to_each_other() -> None:
    transcript = TranscriptLines()
    names = [f"call-{number}" for number in range(100)]
    for name in names:
        transcript.add(model("Going.", session=name, turn=f"{name}:0"))
        assert transcript.close(closed(session=name, turn=f"{name}:0"), 0) == []
    for name in names:
        lines = transcript.add(user("go", session=name, turn=f"{name}:0"))
        assert lines == [TranscriptLine(name, YOU, "go"), TranscriptLine(name, MODEL, "Going.")]


def test_an_ended_session_gives_what_it_owes_and_is_forgotten() -> None:
    transcript = TranscriptLines()
    transcript.add(model("Go", final=False, session="call"))
    assert transcript.end("call") == [TranscriptLine("call", MODEL, "Go")]
    assert transcript.end("call") == []
    assert not transcript._sessions


def test_turns_that_nobody_closes_are_not_kept_for_ever() -> None:
    transcript = TranscriptLines()
    for number in range(3 * KEPT_TURNS):
        transcript.add(user("late", turn=f"local:{number}"))
    assert len(transcript._sessions["local"].turns) == KEPT_TURNS
