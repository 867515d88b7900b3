"""Answers that nobody asked for, answers that end oddly, and results that come late."""

import pytest
from exchanging import Driver

from actors.backends.realtime.events import (
    AnswerChunk,
    CallRequested,
    CallsCancelled,
    GenerationComplete,
    Interrupted,
    Said,
    TurnComplete,
)
from actors.backends.realtime.limits import Limits
from actors.backends.realtime.unasked import (
    UnaskedAnswer,
    UnaskedKind,
    UnaskedRule,
    Verdict,
)
from pipeline.frames import AnswerEnded, Side, is_unasked

CHUNK = AnswerChunk(bytes(960))
SECOND = AnswerChunk(bytes(48_000))


def talking(**limits: object) -> Driver:
    driver = Driver(Limits(**limits))  # type: ignore[arg-type]
    driver.connect()
    return driver


def answered(live: Driver, words: str = "It is ten.") -> str:
    turn = live.speak(live.heard, live.heard + 3200)
    live.server(Said(Side.MODEL, words), CHUNK, GenerationComplete(), TurnComplete())
    assert live.ends(turn) == ["complete"]
    return turn


def unasked(live: Driver) -> list[AnswerEnded]:
    return [f for f in live.frames if isinstance(f, AnswerEnded) and is_unasked(f.turn)]


def remark(live: Driver, words: str) -> None:
    live.wait(5)
    live.server(Said(Side.MODEL, words), SECOND, GenerationComplete(), TurnComplete())


def test_remark_of_the_service_is_played_as_a_turn_of_its_own() -> None:
    live = talking()
    answered(live)
    remark(live, "Are you still there?")
    (ended,) = unasked(live)
    assert (ended.end, ended.samples) == ("complete", 24_000)
    assert live.said(ended.turn, "model") == "Are you still there?"
    assert live.counters["unasked_played"] == 1
    assert live.idle


@pytest.mark.parametrize("rule", [UnaskedRule.RESULTS, UnaskedRule.NONE])
def test_remark_is_refused_by_rule_and_the_next_turn_is_answered(rule: UnaskedRule) -> None:
    live = talking(unasked=rule)
    answered(live)
    remark(live, "Are you still there?")
    assert unasked(live) == []
    assert live.counters["unasked_refused"] == 1
    answered(live, "Yes.")


def test_answer_given_once_more_is_not_heard_again() -> None:
    live = talking()
    words = "Yes, it is ten o'clock in the morning."
    first = answered(live, words)
    remark(live, words.replace(",", ""))
    assert unasked(live) == []
    assert (live.samples(first), live.counters["unasked_refused"]) == (480, 1)


def test_short_answer_given_once_more_is_known_at_its_end() -> None:
    live = talking()
    answered(live, "Yes.")
    remark(live, "yes")
    assert unasked(live) == []


def test_remark_that_begins_as_the_answer_before_is_heard_from_its_beginning() -> None:
    live = talking()
    answered(live, "It is ten.")
    live.server(CHUNK)
    assert not [f for f in live.frames if is_unasked(getattr(f, "turn", ""))]
    live.server(Said(Side.MODEL, "It is "), Said(Side.MODEL, "late already."), TurnComplete())
    (ended,) = unasked(live)
    assert (ended.samples, live.samples(ended.turn)) == (480, 480)


def test_remark_without_words_is_held_for_two_seconds_at_most() -> None:
    judged = UnaskedAnswer(UnaskedKind.ITSELF)
    assert not judged.judge(UnaskedRule.ALL, "", 1.9, "It is ten.")
    assert judged.judge(UnaskedRule.ALL, "", 2.0, "It is ten.")
    assert judged.verdict is Verdict.PLAYED


def test_user_who_speaks_over_a_remark_is_answered() -> None:
    live = talking()
    answered(live)
    live.server(Said(Side.MODEL, "Are you"), SECOND)
    turn = live.speak(live.heard, live.heard + 3200)
    live.server(SECOND, Interrupted(), TurnComplete(), CHUNK, TurnComplete())
    assert [ended.end for ended in unasked(live)] == ["interrupted"]
    assert live.ends(turn) == ["complete"]


def test_remark_that_breaks_off_is_no_failure_of_the_service() -> None:
    live = talking()
    answered(live)
    live.server(Said(Side.MODEL, "Are you"), SECOND)
    live.wait(30)
    assert [ended.end for ended in unasked(live)] == ["complete"]
    assert not live.wants_out
    live.server(Said(Side.MODEL, "Well then"), SECOND)
    live.disconnect()
    assert [ended.end for ended in unasked(live)] == ["complete", "interrupted"]


def test_words_that_come_after_their_answer_belong_to_it() -> None:
    live = talking()
    turn = live.speak(0, 3200)
    live.server(CHUNK, Said(Side.MODEL, "It is "), GenerationComplete())
    live.wait(1)
    assert live.ends(turn) == ["complete"]
    live.server(Said(Side.MODEL, "ten"), TurnComplete(), Said(Side.MODEL, " o'clock."))
    live.server(TurnComplete())
    assert live.said(turn, "model") == "It is ten o'clock."
    assert unasked(live) == []


def test_words_of_an_interrupted_turn_are_not_those_of_the_next() -> None:
    live = talking()
    first = live.speak(0, 3200)
    second = live.start(live.heard)
    live.server(Said(Side.USER, "go "), Said(Side.USER, "forward"), Interrupted(), TurnComplete())
    live.server(Said(Side.USER, "no, stop"))
    assert (live.said(first, "user"), live.said(second, "user")) == ("go forward", "no, stop")


def test_words_are_those_of_the_newest_turn_if_the_service_never_spoke_of_the_one_before() -> None:
    live = talking()
    first = live.speak(0, 3200)
    second = live.speak(6400, 9600)
    live.wait(2)
    live.server(Said(Side.USER, "no, stop"), CHUNK, TurnComplete())
    assert (live.said(first, "user"), live.said(second, "user")) == ("", "no, stop")


# Interruptions of which nobody knows here.


def test_interruption_without_speech_before_any_sound_is_an_empty_answer() -> None:
    live = talking()
    turn = live.speak(0, 3200)
    live.server(Interrupted(), TurnComplete())
    assert live.ends(turn) == ["empty"]
    assert live.counters["given_up_by_service"] == 1


def test_interruption_without_speech_in_mid_answer_is_a_failure_to_be_handed_on() -> None:
    live = talking()
    turn = live.speak(0, 3200)
    live.server(CHUNK, Interrupted(), TurnComplete())
    assert live.ends(turn) == ["failed"]
    after = live.speak(6400, 9600)
    live.server(CHUNK, TurnComplete())
    assert live.ends(after) == ["complete"]


def test_interruption_without_speech_after_generation_leaves_a_whole_answer() -> None:
    live = talking()
    turn = live.speak(0, 3200)
    live.server(CHUNK, GenerationComplete(), Interrupted(), TurnComplete())
    assert live.ends(turn) == ["complete"]


@pytest.mark.parametrize(("events", "end"), [((), "empty"), ((CHUNK,), "failed")])
def test_answer_that_the_service_refuses_is_handed_on(
    events: tuple[AnswerChunk, ...], end: str
) -> None:
    live = talking()
    turn = live.speak(0, 3200)
    live.server(*events, TurnComplete("GENERATED_AUDIO_SAFETY"))
    (ended,) = [f for f in live.frames if isinstance(f, AnswerEnded)]
    assert (ended.turn, ended.end) == (turn, end)
    assert "GENERATED_AUDIO_SAFETY" in ended.detail


@pytest.mark.parametrize(
    "events",
    [
        (TurnComplete(),),
        (GenerationComplete(), TurnComplete()),
        (Said(Side.MODEL, "Yes."), GenerationComplete(), TurnComplete()),
        (AnswerChunk(b""), TurnComplete()),
    ],
)
def test_answer_without_sound_is_none(events: tuple[object, ...]) -> None:
    live = talking()
    turn = live.speak(0, 3200)
    live.server(*events)
    assert live.ends(turn) == ["empty"]


def test_sound_without_words_is_an_answer() -> None:
    live = talking()
    turn = live.speak(0, 3200)
    live.server(CHUNK, GenerationComplete(), TurnComplete())
    assert (live.ends(turn), live.said(turn, "model")) == (["complete"], "")


# Without an end.


def test_answer_without_end_is_cut_and_its_connection_given_up() -> None:
    live = talking(longest_answer_s=3.0)
    turn = live.speak(0, 3200)
    for _ in range(5):
        live.server(SECOND)
    assert (live.ends(turn), live.samples(turn)) == (["complete"], 72_000)
    assert live.wants_out
    assert live.counters["answers_cut"] == 1


def test_answer_that_is_words_without_end_is_given_to_another_backend() -> None:
    live = talking(longest_answer_s=30.0, stall_s=10)
    turn = live.speak(0, 3200)
    for _ in range(20):
        live.server(Said(Side.MODEL, "and "))
        live.wait(2)
    assert live.ends(turn) == ["failed"]
    assert live.wants_out


def test_functions_called_without_end_come_to_one() -> None:
    live = talking(longest_answer_s=30.0)
    turn = live.speak(0, 3200)
    for number in range(20):
        live.server(CallRequested(f"c{number}", "look", {}))
        live.tool_result(f"c{number}", {})
        live.wait(2)
    assert live.ends(turn) == ["failed"]


# Results that come late.


def gone_on(live: Driver) -> str:
    """The user asks for something that takes its time, and asks something else meanwhile."""
    first = live.speak(0, 3200)
    live.server(CallRequested("c1", "move", {"m": 1}), CHUNK, GenerationComplete(), TurnComplete())
    second = live.speak(6400, 9600)
    live.server(CHUNK, GenerationComplete(), TurnComplete())
    assert (live.ends(first), live.ends(second)) == (["interrupted"], ["complete"])
    return second


@pytest.mark.parametrize("rule", [UnaskedRule.ALL, UnaskedRule.RESULTS])
def test_result_after_the_user_has_gone_on_is_heard_once(rule: UnaskedRule) -> None:
    live = talking(blocking=False, follow_up_s=2.0, unasked=rule)
    gone_on(live)
    live.tool_result("c1", {"ok": True})
    assert live.replies() == ["c1"]
    live.server(Said(Side.MODEL, "I have moved."), CHUNK, GenerationComplete(), TurnComplete())
    (ended,) = unasked(live)
    assert (ended.end, live.said(ended.turn, "model")) == ("complete", "I have moved.")
    live.disconnect()
    live.connect()
    assert live.sent_texts() == []


def test_result_that_comes_while_the_next_question_is_answered_is_not_part_of_that() -> None:
    live = talking(blocking=False, follow_up_s=2.0)
    live.speak(0, 3200)
    live.server(CallRequested("c1", "move", {}), CHUNK, GenerationComplete(), TurnComplete())
    second = live.speak(6400, 9600)
    live.tool_result("c1", {"ok": True})
    live.server(CHUNK, GenerationComplete(), TurnComplete())
    assert live.ends(second) == ["complete"]
    live.server(SECOND, TurnComplete())
    (ended,) = unasked(live)
    assert (live.samples(second), ended.samples) == (480, 24_000)


def test_result_whose_connection_is_gone_is_told_over_the_next() -> None:
    live = talking(blocking=False, follow_up_s=2.0)
    gone_on(live)
    live.disconnect("GoAway")
    live.connect()
    live.tool_result("c1", {"ok": True})
    assert live.replies() == []
    (text,) = live.sent_texts()
    assert "move" in text
    assert '{"ok": true}' in text
    live.server(SECOND, GenerationComplete(), TurnComplete())
    assert [ended.end for ended in unasked(live)] == ["complete"]


def test_result_that_was_sent_and_not_told_when_the_connection_broke_is_told_over_the_next() -> (
    None
):
    live = talking(blocking=False, follow_up_s=2.0)
    gone_on(live)
    live.tool_result("c1", {"ok": True})
    live.disconnect()
    live.connect()
    assert len(live.sent_texts()) == 1


def test_result_that_the_service_does_not_care_to_tell_is_not_told_when_it_breaks_later() -> None:
    live = talking(blocking=False, follow_up_s=2.0)
    gone_on(live)
    live.tool_result("c1", {"ok": True})
    live.wait(10)
    live.disconnect()
    live.connect()
    assert live.sent_texts() == []


def test_model_that_is_not_idle_for_a_function_of_before_has_answered_and_is_not_frozen() -> None:
    live = talking(blocking=False, grace_s=None)
    live.speak(0, 3200)
    live.server(CallRequested("c1", "move", {}), CHUNK, GenerationComplete())
    second = live.speak(6400, 9600)
    live.server(Interrupted(), TurnComplete(), CHUNK, GenerationComplete())
    live.wait(5)
    assert live.ends(second) == ["complete"]
    assert not live.wants_out
    live.tool_result("c1", {"ok": True})
    live.server(SECOND, GenerationComplete(), TurnComplete())
    assert [ended.end for ended in unasked(live)] == ["complete"]


def test_result_of_a_cancelled_call_is_not_told() -> None:
    live = talking(blocking=False, follow_up_s=2.0)
    gone_on(live)
    live.server(CallsCancelled(("c1",)))
    live.disconnect()
    live.connect()
    live.tool_result("c1", {"ok": True})
    assert live.sent_texts() == []


def test_telling_of_a_result_that_fails_is_a_failure_that_is_said_aloud() -> None:
    live = talking(blocking=False, follow_up_s=2.0)
    gone_on(live)
    live.tool_result("c1", {"ok": True})
    live.server(SECOND)
    live.disconnect()
    assert [ended.end for ended in unasked(live)] == ["failed"]


def test_barge_in_while_a_whole_answer_is_still_played() -> None:
    live = talking()
    first = live.speak(0, 3200)
    live.server(SECOND, SECOND, GenerationComplete())
    live.wait(1)
    second = live.speak(6400, 9600)
    live.server(Interrupted(), TurnComplete(), CHUNK, GenerationComplete())
    live.wait(1)
    live.server(TurnComplete())
    assert (live.ends(first), live.ends(second)) == (["complete"], ["complete"])
    assert unasked(live) == []
