"""The account of the turns: each closed exactly once, none forgotten."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.frames import (
    AnswerEnd,
    AnswerEnded,
    EndReason,
    Frame,
    Outcome,
    Playback,
    PlaybackState,
    Side,
    SpeechEnded,
    SpeechStarted,
    Transcript,
    TurnClosed,
    UserText,
)
from pipeline.turns.ledger import KEPT_TURNS, Ledger

S = 1_000_000_000
SPEECH_S, ANSWER_S, STALL_S = 90, 30, 15


def new_ledger(hears: bool = True) -> Ledger:
    return Ledger(
        hears=hears,
        speech_deadline_ns=SPEECH_S * S,
        answer_deadline_ns=ANSWER_S * S,
        stall_deadline_ns=STALL_S * S,
    )


def started(turn: str = "local:0") -> SpeechStarted:
    return SpeechStarted(turn=turn, position=0, at_ns=1 * S)


def ended(turn: str = "local:0", at_s: float = 2) -> SpeechEnded:
    return SpeechEnded(
        turn=turn, start_position=0, position=16000, at_ns=int(at_s * S), reason=EndReason.SILENCE
    )


def typed(turn: str = "local:t1", text: str = "hello") -> UserText:
    return UserText(turn=turn, text=text, origin_ns=2 * S)


def said(text: str, turn: str = "local:0", side: Side = Side.USER) -> Transcript:
    return Transcript(turn=turn, epoch=1, backend="live", side=side, text=text)


def played(state: PlaybackState, turn: str = "local:0", at_s: float = 2.5) -> Playback:
    return Playback(
        turn=turn, epoch=1, backend="live", state=state, played_samples=0, at_ns=int(at_s * S)
    )


def answered(
    end: AnswerEnd = AnswerEnd.COMPLETE, turn: str = "local:0", detail: str = ""
) -> AnswerEnded:
    return AnswerEnded(turn=turn, epoch=1, backend="live", end=end, detail=detail)


STARTED, PLAYING = PlaybackState.STARTED, PlaybackState.PLAYING
FINISHED, INTERRUPTED = PlaybackState.FINISHED, PlaybackState.INTERRUPTED


def verdicts(ledger: Ledger, *frames: Frame, now_s: float = 3) -> list[TurnClosed]:
    return [closed for frame in frames for closed in ledger.on_frame(frame, int(now_s * S))]


def test_a_turn_is_answered_once_its_answer_has_been_played_to_the_end() -> None:
    ledger = new_ledger()
    assert not verdicts(
        ledger,
        started(),
        ended(at_s=2),
        said("what time "),
        said("is it"),
        played(STARTED, at_s=2.5),
        said("ten ", side=Side.MODEL),
        said("past nine", side=Side.MODEL),
        answered(),
        played(PLAYING),
    )
    (closed,) = verdicts(ledger, played(FINISHED))
    assert closed.outcome is Outcome.ANSWERED
    assert (closed.by, closed.said, closed.answer) == ("live", "what time is it", "ten past nine")
    assert closed.first_sound_ms == 500
    assert ledger.outcomes() == {"answered": 1}
    assert not ledger.open_turns()


def test_a_typed_turn_is_timed_from_the_line() -> None:
    ledger = new_ledger()
    verdicts(ledger, typed(), played(STARTED, "local:t1", at_s=2.25))
    (closed,) = verdicts(ledger, played(FINISHED, "local:t1"))
    assert (closed.said, closed.first_sound_ms) == ("hello", 250)


@pytest.mark.parametrize(
    ("frames", "outcome", "reason"),
    [
        ([played(STARTED), played(INTERRUPTED)], Outcome.INTERRUPTED, ""),
        ([answered(AnswerEnd.INTERRUPTED)], Outcome.INTERRUPTED, ""),
        ([answered(AnswerEnd.EMPTY)], Outcome.FAILED, "the answer was empty"),
        ([answered(AnswerEnd.FAILED, detail="quota")], Outcome.FAILED, "quota"),
        ([answered(AnswerEnd.FAILED)], Outcome.FAILED, "the backend failed"),
        (
            [played(STARTED), answered(AnswerEnd.FAILED, detail="cut"), played(INTERRUPTED)],
            Outcome.FAILED,
            "cut",
        ),
        (
            [
                played(STARTED),
                answered(AnswerEnd.FAILED, detail="cut"),
                played(STARTED),
                answered(),
                played(FINISHED),
            ],
            Outcome.ANSWERED,
            "",
        ),
        (
            [played(STARTED), answered(AnswerEnd.INTERRUPTED), played(INTERRUPTED)],
            "interrupted",
            "",
        ),
        ([answered(), played(STARTED), played(FINISHED)], Outcome.ANSWERED, ""),
    ],
)
def test_the_outcome_follows_from_what_was_heard_and_how_the_answer_ended(
    frames: list[Frame], outcome: Outcome, reason: str
) -> None:
    ledger = new_ledger()
    (closed,) = verdicts(ledger, started(), ended(), *frames)
    assert (closed.outcome, closed.reason) == (outcome, reason)
    assert closed.by == ("" if closed.outcome is Outcome.FAILED else "live")


def test_where_nothing_is_played_a_complete_answer_closes_the_turn() -> None:
    (closed,) = verdicts(new_ledger(hears=False), started(), ended(), answered())
    assert (closed.outcome, closed.first_sound_ms) == (Outcome.ANSWERED, None)


def test_where_answers_are_played_a_complete_answer_alone_closes_nothing() -> None:
    ledger = new_ledger()
    assert not verdicts(ledger, started(), ended(), played(STARTED), answered())
    assert [turn.turn for turn in ledger.open_turns()] == ["local:0"]


@pytest.mark.parametrize(
    ("frames", "deadline_s", "reason"),
    [
        ([started()], SPEECH_S, "its end was never heard"),
        ([said("...")], SPEECH_S, "its end was never heard"),
        ([started(), ended()], ANSWER_S, "no answer came in time"),
        ([typed("local:0")], ANSWER_S, "no answer came in time"),
        ([said("...", "local:u5", Side.MODEL)], ANSWER_S, "no answer came in time"),
        ([started(), ended(), answered()], ANSWER_S, "no answer came in time"),
        ([started(), ended(), played(STARTED)], STALL_S, "the answer broke off"),
        ([started(), ended(), played(STARTED), answered()], STALL_S, "the answer broke off"),
        (
            [started(), ended(), played(STARTED), answered(AnswerEnd.FAILED, detail="cut")],
            STALL_S,
            "cut",
        ),
    ],
)
def test_a_turn_that_does_not_get_on_is_closed_as_failed_at_its_deadline_and_not_before_f9(
    frames: list[Frame], deadline_s: int, reason: str
) -> None:
    ledger = new_ledger()
    assert not verdicts(ledger, *frames, now_s=3)
    assert not ledger.tick((3 + deadline_s) * S)
    (closed,) = ledger.tick((3 + deadline_s) * S + 1)
    assert (closed.outcome, closed.reason, closed.by) == (Outcome.FAILED, reason, "")
    assert not ledger.tick((3 + deadline_s) * S + 2)


def test_an_answer_that_nobody_asked_for_is_a_turn_with_one_outcome() -> None:
    ledger = new_ledger()
    turn = "local:u500"
    assert not verdicts(ledger, said("Are you there?", turn, Side.MODEL), played(STARTED, turn))
    assert not verdicts(ledger, answered(turn=turn))
    (closed,) = verdicts(
        ledger, played(FINISHED, turn), played(FINISHED, turn), answered(turn=turn)
    )
    assert (closed.outcome, closed.by, closed.said) == (Outcome.ANSWERED, "live", "")
    assert (closed.answer, closed.first_sound_ms) == ("Are you there?", None)


def test_progress_of_playback_and_words_of_the_model_put_the_deadline_off() -> None:
    ledger = new_ledger()
    verdicts(ledger, started(), ended(), played(STARTED), now_s=3)
    for now_s in range(10, 200, 10):
        verdicts(ledger, played(PLAYING), now_s=now_s)
        assert not ledger.tick(now_s * S)
    silent = new_ledger(hears=False)
    verdicts(silent, started(), ended(), now_s=3)
    for now_s in range(10, 200, 10):
        verdicts(silent, said("and ", side=Side.MODEL), now_s=now_s)
        assert not silent.tick(now_s * S)


def test_a_turn_is_answered_even_if_the_news_of_its_playing_is_read_before_that_of_its_start() -> (
    None
):
    ledger = new_ledger()
    (closed,) = verdicts(ledger, played(STARTED), played(FINISHED), started(), ended())
    assert closed.outcome is Outcome.ANSWERED
    assert not ledger.tick(1000 * S)


def test_late_transcripts_still_complete_the_account_and_close_nothing_again_f16() -> None:
    ledger = new_ledger()
    verdicts(ledger, started(), ended(), played(STARTED), played(FINISHED))
    assert not verdicts(ledger, said("what time is it"), said("ten", side=Side.MODEL))
    turn = ledger.turns["local:0"]
    assert (turn.said, turn.answer, turn.outcome) == ("what time is it", "ten", Outcome.ANSWERED)
    assert not ledger.open_turns()


def test_the_same_turn_named_again_by_a_restarted_stage_is_the_same_turn() -> None:
    ledger = new_ledger()
    verdicts(ledger, started(), ended(at_s=2), played(STARTED), started(), ended(at_s=2))
    assert len(ledger.turns) == 1
    assert len(verdicts(ledger, played(FINISHED), started(), ended(), played(FINISHED))) == 1


def test_two_turns_are_accounted_for_apart() -> None:
    ledger = new_ledger()
    verdicts(ledger, started("local:0"), ended("local:0"), played(STARTED, "local:0"))
    closed = verdicts(
        ledger, started("local:9"), played(INTERRUPTED, "local:0"), ended("local:9", at_s=4)
    )
    assert [(c.turn, c.outcome) for c in closed] == [("local:0", Outcome.INTERRUPTED)]
    assert [turn.turn for turn in ledger.open_turns()] == ["local:9"]


def test_only_closed_turns_are_forgotten_and_only_when_there_are_very_many() -> None:
    ledger = new_ledger()
    for index in range(KEPT_TURNS + 1):
        verdicts(ledger, started(f"local:{index}"))
    assert len(ledger.turns) == KEPT_TURNS + 1, "none is closed: none may be forgotten"
    verdicts(ledger, played(FINISHED, "local:5"))
    verdicts(ledger, started("local:new"))
    assert "local:5" not in ledger.turns
    assert len(ledger.open_turns()) == KEPT_TURNS + 1


TURNS = st.sampled_from(["local:0", "local:320", "other:0", "local:u500"])
FRAMES = st.one_of(
    st.builds(started, TURNS),
    st.builds(ended, TURNS, st.floats(0, 500)),
    st.builds(typed, TURNS),
    st.builds(said, st.text(max_size=3), TURNS, st.sampled_from(Side)),
    st.builds(played, st.sampled_from(PlaybackState), TURNS, st.floats(0, 500)),
    st.builds(answered, st.sampled_from(AnswerEnd), TURNS, st.text(max_size=3)),
)


@given(st.lists(st.tuples(FRAMES, st.sampled_from([0, 1, 14, 40])), max_size=60), st.booleans())
def test_whatever_the_order_each_turn_is_closed_exactly_once(
    events: list[tuple[Frame, int]], hears: bool
) -> None:
    ledger = new_ledger(hears)
    now_s = 10
    closed: list[TurnClosed] = []
    for frame, later_s in events:
        now_s += later_s
        closed += ledger.on_frame(frame, now_s * S)
        closed += ledger.tick(now_s * S)
    # `ended` may claim a time in the future of this clock, up to 500 s.
    closed += ledger.tick((max(now_s, 500) + SPEECH_S + 1) * S)
    times = Counter(each.turn for each in closed)
    named = {frame.turn for frame, _ in events if hasattr(frame, "turn")}
    assert set(times) == named
    assert set(times.values()) <= {1}
    assert not ledger.open_turns()
    assert sum(ledger.outcomes().values()) == len(named)
    assert all(each.reason for each in closed if each.outcome is Outcome.FAILED)


@given(st.lists(FRAMES, max_size=40), st.lists(st.text(max_size=5), max_size=10))
def test_all_words_of_a_turn_are_in_its_account_whenever_they_come(
    frames: list[Frame], words: list[str]
) -> None:
    ledger = new_ledger()
    pieces = [said(word, "third:0") for word in words]
    for index, frame in enumerate(frames):
        if pieces and index % 2:
            ledger.on_frame(pieces.pop(0), index * 20 * S)
        ledger.on_frame(frame, index * 20 * S)
        ledger.tick(index * 20 * S)
    for piece in pieces:
        ledger.on_frame(piece, 10_000 * S)
    text = "".join(words)
    # Blanks alone are no words.
    expected = text if text.strip() else ""
    assert (ledger.turns["third:0"].said if words else "") == expected


def test_all_turns_are_counted_also_those_that_are_forgotten() -> None:
    ledger = new_ledger(hears=False)
    for number in range(KEPT_TURNS + 50):
        turn = f"local:t{number}"
        ledger.on_frame(UserText(turn=turn, text="hello"), S)
        end = AnswerEnded(turn=turn, epoch=1, backend="live", end=AnswerEnd.COMPLETE, samples=1)
        ledger.on_frame(end, S)
    assert ledger.outcomes() == {"answered": KEPT_TURNS + 50}
