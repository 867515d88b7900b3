"""Results that come after the process was killed, or while another backend answers."""

import json
from dataclasses import replace

import pytest
from exchanging import Driver
from test_live_unasked import CHUNK, SECOND, gone_on, talking, unasked

from actors.backends.realtime.events import (
    CallRequested,
    GenerationComplete,
    Interrupted,
    Said,
    TurnComplete,
)
from actors.backends.tool_calls import CallRecord
from pipeline.frames import Side


def taken_over(live: Driver, owner: str = "live", down_s: float = 0.0) -> Driver:
    """The process is killed; another knows what was on the disk, `down_s` later."""
    kept = live.state.kept()
    row = json.loads(json.dumps(kept.to_json()))
    other = talking(blocking=False, follow_up_s=2.0)
    other.now_s = live.now_s + down_s
    other.disconnect()
    owed = [CallRecord(**call) for call in row["owed"]]
    other.state.restore(replace(kept, owed=owed), other.now_s)
    other.do(other.uplink.route(owner, 0, other.now_s))
    return other


def test_result_that_comes_after_the_process_was_killed_is_told_once_by_the_next() -> None:
    live = talking(blocking=False, follow_up_s=2.0)
    gone_on(live)
    other = taken_over(live)
    other.connect()
    assert other.sent_texts() == []
    other.tool_result("c1", {"ok": True})
    other.tool_result("c1", {"ok": True})
    (text,) = other.sent_texts()
    assert '{"ok": true}' in text
    other.server(SECOND, GenerationComplete(), TurnComplete())
    assert [ended.end for ended in unasked(other)] == ["complete"]
    assert taken_over(other).state.kept().owed == []


def test_result_that_was_sent_and_not_told_when_the_process_was_killed_is_told_by_the_next() -> (
    None
):
    live = talking(blocking=False, follow_up_s=2.0)
    gone_on(live)
    live.tool_result("c1", {"ok": True})
    third = taken_over(taken_over(live))
    third.connect()
    assert len(third.sent_texts()) == 1


def test_result_whose_telling_had_begun_when_the_process_was_killed_is_not_told_again() -> None:
    live = talking(blocking=False, follow_up_s=2.0)
    gone_on(live)
    live.tool_result("c1", {"ok": True})
    live.server(SECOND)
    other = taken_over(live)
    other.connect()
    assert other.sent_texts() == []


def test_result_that_the_service_does_not_care_to_tell_is_not_told_by_the_next_process() -> None:
    live = talking(blocking=False, follow_up_s=2.0)
    gone_on(live)
    live.tool_result("c1", {"ok": True})
    live.wait(10)
    other = taken_over(live)
    other.connect()
    assert other.sent_texts() == []


def test_function_under_way_in_a_turn_that_was_being_answered_is_told_by_the_next_process() -> None:
    live = talking(blocking=False, follow_up_s=2.0)
    live.speak(0, 3200)
    live.server(CallRequested("c1", "move", {}), CHUNK, GenerationComplete(), TurnComplete())
    other = taken_over(live)
    other.connect()
    other.tool_result("c1", {"ok": True})
    assert len(other.sent_texts()) == 1


def test_function_of_a_turn_that_is_asked_anew_is_not_told_besides() -> None:
    live = talking(blocking=False, follow_up_s=2.0)
    live.speak(0, 3200)
    live.server(CallRequested("c1", "move", {}))
    other = taken_over(live)
    other.connect()
    other.tool_result("c1", {"ok": True})
    assert other.sent_texts() == []


@pytest.mark.parametrize(("away_s", "told"), [(60.0, 1), (600.0, 0)])
def test_result_that_comes_while_another_backend_answers_is_told_while_it_is_news(
    away_s: float, told: int
) -> None:
    live = talking(blocking=False, follow_up_s=2.0)
    gone_on(live)
    live.do(live.uplink.route("http", 1, live.now_s))
    live.disconnect()
    live.tool_result("c1", {"ok": True})
    live.wait(away_s)
    live.connect()
    assert live.sent_texts() == []
    live.do(live.uplink.route("live", 2, live.now_s))
    assert len(live.sent_texts()) == told


def held() -> Driver:
    """A result has come while another backend answers."""
    live = talking(blocking=False, follow_up_s=2.0)
    gone_on(live)
    live.do(live.uplink.route("http", 1, live.now_s))
    live.disconnect()
    live.tool_result("c1", {"ok": True})
    return live


def test_result_that_is_held_grows_old_over_restarts() -> None:
    live = held()
    for _ in range(4):
        live = taken_over(live, "http", down_s=40.0)
    live.connect()
    live.do(live.uplink.route("live", 2, live.now_s))
    assert live.sent_texts() == []
    assert live.counters["results_dropped"] == 1


def test_result_that_is_no_news_when_the_next_process_begins_is_counted_once() -> None:
    live = taken_over(held(), down_s=600.0)
    live.connect()
    assert live.sent_texts() == []
    assert live.counters["results_dropped"] == 1
    again = taken_over(live)
    assert again.counters["results_dropped"] == 0


def test_result_that_is_held_is_told_by_the_next_process_while_it_is_news() -> None:
    live = taken_over(taken_over(held(), "http", down_s=50.0), down_s=50.0)
    live.connect()
    assert len(live.sent_texts()) == 1


def reported() -> Driver:
    """The model is told of a result whose call its connection does not know."""
    live = talking(blocking=False, follow_up_s=2.0)
    gone_on(live)
    live.disconnect()
    live.connect()
    live.tool_result("c1", {"ok": True})
    assert len(live.sent_texts()) == 1
    return live


def answer(live: Driver) -> None:
    live.server(CHUNK, GenerationComplete(), TurnComplete())


def test_result_of_which_nothing_was_told_when_the_user_spoke_is_told_after_the_answer() -> None:
    live = reported()
    turn = live.speak(12_800, 16_000)
    live.server(Interrupted(), TurnComplete())
    assert len(live.sent_texts()) == 1
    answer(live)
    assert live.ends(turn) == ["complete"]
    assert len(live.sent_texts()) == 2
    live.server(SECOND, GenerationComplete(), TurnComplete())
    assert [ended.end for ended in unasked(live)] == ["interrupted", "complete"]
    live.speak(19_200, 22_400)
    answer(live)
    assert len(live.sent_texts()) == 2
    assert live.counters["results_dropped"] == 0


def test_result_that_the_service_gave_up_telling_by_itself_is_told_after_the_next_answer() -> None:
    live = reported()
    live.server(Interrupted(), TurnComplete())
    assert [ended.end for ended in unasked(live)] == ["interrupted"]
    live.speak(12_800, 16_000)
    answer(live)
    assert len(live.sent_texts()) == 2


def test_result_that_was_begun_to_be_told_when_the_user_spoke_is_not_told_again() -> None:
    live = reported()
    live.server(SECOND)
    live.speak(12_800, 16_000)
    live.server(Interrupted(), TurnComplete())
    answer(live)
    assert len(live.sent_texts()) == 1


def test_result_of_which_nothing_could_be_told_while_it_was_news_is_counted() -> None:
    live = reported()
    live.speak(12_800, 16_000)
    live.server(Interrupted(), TurnComplete(), CHUNK)
    for _ in range(30):
        live.wait(5.0)
        live.server(CHUNK)
    live.server(GenerationComplete(), TurnComplete())
    assert len(live.sent_texts()) == 1
    assert live.counters["results_dropped"] == 1


def test_result_of_which_nothing_was_told_is_told_by_the_next_process() -> None:
    live = reported()
    live.speak(12_800, 16_000)
    other = taken_over(live)
    other.connect()
    assert len(other.sent_texts()) == 1


def test_result_is_told_once_the_service_that_cuts_turns_has_answered_who_interrupted_it() -> None:
    live = talking(blocking=False, follow_up_s=2.0, local_turns=False)
    live.hear(3200)
    live.server(Said(Side.USER, "go"), CallRequested("c1", "move", {}), CHUNK)
    live.server(GenerationComplete(), TurnComplete())
    live.server(Interrupted(), TurnComplete(), Said(Side.USER, "and"), CHUNK)
    live.server(GenerationComplete(), TurnComplete())
    live.disconnect()
    live.connect()
    live.tool_result("c1", {"ok": True})
    assert len(live.sent_texts()) == 1
    live.server(Interrupted(), TurnComplete())
    assert len(live.sent_texts()) == 1
    live.server(Said(Side.USER, "what?"), CHUNK, GenerationComplete(), TurnComplete())
    assert len(live.sent_texts()) == 2


def test_result_of_which_nothing_was_told_outlives_another_owner_of_the_turns() -> None:
    live = reported()
    live.do(live.uplink.route("http", 1, live.now_s))
    live.disconnect()
    live.speak(12_800, 16_000)
    live.uplink.answered_elsewhere("local:12800")
    live.connect()
    live.do(live.uplink.route("live", 2, live.now_s))
    assert len(live.sent_texts()) == 2


def test_result_that_waits_for_a_connection_outlives_another_owner_of_the_turns() -> None:
    live = talking(blocking=False, follow_up_s=2.0)
    gone_on(live)
    live.disconnect()
    live.tool_result("c1", {"ok": True})
    live.do(live.uplink.route("http", 1, live.now_s))
    live.wait(60.0)
    live.do(live.uplink.route("live", 2, live.now_s))
    live.connect()
    assert len(live.sent_texts()) == 1
