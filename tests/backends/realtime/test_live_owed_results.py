"""Results that come after the process was killed, or while another backend answers."""

import json
from dataclasses import replace

import pytest
from exchanging import Driver
from test_live_unasked import CHUNK, SECOND, gone_on, talking, unasked

from actors.backends.realtime.events import CallRequested, GenerationComplete, TurnComplete
from actors.backends.tool_calls import CallRecord


def taken_over(live: Driver) -> Driver:
    """The process is killed; another knows what was on the disk."""
    kept = live.state.kept()
    row = json.loads(json.dumps(kept.to_json()))
    other = talking(blocking=False, follow_up_s=2.0)
    other.now_s = live.now_s
    other.disconnect()
    owed = [CallRecord(**call) for call in row["owed"]]
    other.state.restore(replace(kept, owed=owed), other.now_s)
    other.do(other.uplink.route("live", 0, other.now_s))
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
