"""The conversation as a state machine: tools, the route, turn detection by the server."""

import pytest
from exchanging import Driver, activities, joined

from actors.backends.realtime.events import (
    AnswerChunk,
    CallRequested,
    CallsCancelled,
    Interrupted,
    Said,
    TurnComplete,
)
from actors.backends.realtime.limits import Limits
from actors.backends.realtime.link import Activity
from actors.backends.realtime.steps import SendActivity, SendText
from pipeline.frames import AnswerAudio, AnswerEnded, Side

CHUNK = AnswerChunk(bytes(960))
USER = Said(Side.USER, "go forward")


@pytest.fixture
def live() -> Driver:
    driver = Driver()
    driver.connect()
    return driver


# Tools.


def test_tool_call_is_answered_with_its_id_and_the_turn_goes_on(live: Driver) -> None:
    turn = live.speak(0, 3200)
    live.server(CallRequested("c1", "move", {"m": 10}))
    assert live.calls() == ["c1"]
    live.wait(30)
    assert live.ends() == []
    live.tool_result("c1", {"ok": True})
    live.tool_result("c1", {"ok": True})
    live.tool_result("c9", {})
    assert live.replies() == ["c1"]
    assert live.counters["results_dropped"] == 2
    live.server(CHUNK, TurnComplete())
    assert live.ends(turn) == ["complete"]


def test_speech_is_held_back_while_a_blocking_tool_runs(live: Driver) -> None:
    first = live.speak(0, 3200)
    live.server(CallRequested("c1", "move", {}))
    second = live.speak(6400, 9600)
    assert len(activities(live.sent)) == 1
    live.tool_result("c1", {})
    assert [joined(pieces) for pieces, _ in activities(live.sent)] == [[(0, 3200)], [(6400, 9600)]]
    live.server(Interrupted(), TurnComplete(), CHUNK, TurnComplete())
    assert (live.ends(first), live.ends(second)) == (["interrupted"], ["complete"])


def test_cancelled_call_is_not_answered(live: Driver) -> None:
    live.speak(0, 3200)
    live.server(CallRequested("c1", "move", {}), CallsCancelled(("c1",)))
    assert live.cancels() == ["c1"]
    live.tool_result("c1", {})
    assert live.replies() == []


def test_call_asked_for_again_after_a_reconnect_is_carried_out_once(live: Driver) -> None:
    turn = live.speak(0, 3200)
    live.server(CallRequested("c1", "move", {"m": 1}))
    live.disconnect()
    live.connect()
    live.tool_result("c1", {"ok": True})
    live.server(CallRequested("c2", "move", {"m": 1}))
    assert live.calls() == ["c1"]
    assert live.replies() == ["c2"]
    live.server(CHUNK, TurnComplete())
    assert live.ends(turn) == ["complete"]


def test_pending_call_asked_for_again_is_answered_under_its_new_id(live: Driver) -> None:
    live.speak(0, 3200)
    live.server(CallRequested("c1", "move", {"m": 1}))
    live.disconnect()
    live.connect()
    live.server(CallRequested("c2", "move", {"m": 1}))
    live.tool_result("c1", {"ok": True})
    assert (live.calls(), live.replies()) == (["c1"], ["c2"])


def test_same_call_twice_in_one_session_is_carried_out_twice(live: Driver) -> None:
    live.speak(0, 3200)
    for call_id in ("c1", "c2"):
        live.server(CallRequested(call_id, "step", {}))
        live.tool_result(call_id, {})
    assert live.calls() == live.replies() == ["c1", "c2"]


def test_tool_that_never_answers_does_not_hold_the_turn_for_ever(live: Driver) -> None:
    live.speak(0, 3200)
    live.server(CallRequested("c1", "move", {}))
    live.wait(61)
    assert (live.replies(), live.cancels()) == (["c1"], ["c1"])


def test_model_that_does_not_wait_for_its_tool_keeps_the_turn_open_for_the_result() -> None:
    live = Driver(Limits(blocking=False, follow_up_s=2.0))
    live.connect()
    turn = live.speak(0, 3200)
    live.server(CallRequested("c1", "move", {}), CHUNK, TurnComplete())
    assert live.ends() == []
    live.tool_result("c1", {})
    live.server(CHUNK, TurnComplete())
    live.wait(2.1)
    assert live.ends(turn) == ["complete"]
    assert live.samples(turn) == 960


# Route.


def test_standby_keeps_the_turn_and_answers_it_when_it_becomes_the_owner(
    live: Driver,
) -> None:
    live.do(live.uplink.route("http", 1, live.now_s))
    turn = live.speak(0, 3200)
    assert live.sent == []
    live.do(live.uplink.route("live", 2, live.now_s))
    assert [joined(p) for p, _ in activities(live.sent)] == [[(0, 3200)]]
    live.server(CHUNK, TurnComplete())
    assert live.ends(turn) == ["complete"]
    epochs = {f.epoch for f in live.frames if isinstance(f, (AnswerAudio, AnswerEnded))}
    assert epochs == {2}


def test_standby_does_not_answer_what_another_backend_has_answered(live: Driver) -> None:
    live.do(live.uplink.route("http", 1, live.now_s))
    turn = live.speak(0, 3200)
    live.uplink.answered_elsewhere(turn)
    live.do(live.uplink.route("live", 2, live.now_s))
    assert live.sent == []


def test_losing_the_route_in_mid_answer_says_nothing_more(live: Driver) -> None:
    turn = live.speak(0, 3200)
    live.server(CHUNK)
    live.do(live.uplink.route("http", 1, live.now_s))
    assert live.wants_out
    live.disconnect("withdrawn")
    live.connect()
    assert live.ends(turn) == []
    assert live.sent == []


def test_nobody_answers_before_the_first_route() -> None:
    live = Driver()
    live.do(live.uplink.route(None, 0, live.now_s))
    live.connect()
    live.speak(0, 3200)
    assert live.sent == []
    live.do(live.uplink.route("live", 1, live.now_s))
    assert live.sent[0] == SendActivity(Activity.STARTED)


# An answer that another backend began.


REST = "Say: And it rains."


def handed_over(live: Driver, turn: str, epoch: int = 2) -> None:
    live.do(live.uplink.route("live", epoch, live.now_s, {turn: REST}))


def begun_by_http(live: Driver) -> str:
    """A turn of whose answer the user has heard the beginning."""
    live.do(live.uplink.route("http", 1, live.now_s))
    turn = live.speak(0, 3200)
    live.uplink.answered_elsewhere(turn)
    return turn


def test_only_the_rest_of_an_answer_is_said_that_another_backend_began(live: Driver) -> None:
    turn = begun_by_http(live)
    handed_over(live, turn)
    assert live.sent == [SendText(REST)]
    live.server(CHUNK, TurnComplete())
    assert live.ends(turn) == ["complete"]


def test_rest_of_a_turn_that_waits_is_said_in_place_of_a_whole_answer(live: Driver) -> None:
    live.do(live.uplink.route("http", 1, live.now_s))
    turn = live.speak(0, 3200)
    handed_over(live, turn)
    assert live.sent == [SendText(REST)]
    live.server(CHUNK, TurnComplete())
    assert live.ends(turn) == ["complete"]


def test_rest_waits_for_a_connection_and_is_said_over_another_if_that_breaks(live: Driver) -> None:
    turn = begun_by_http(live)
    live.disconnect()
    handed_over(live, turn)
    assert live.sent == []
    live.connect()
    live.disconnect()
    live.connect()
    assert live.sent == [SendText(REST)]
    live.server(CHUNK, TurnComplete())
    assert live.ends(turn) == ["complete"]


def test_rest_is_said_once_however_often_the_route_is_told(live: Driver) -> None:
    turn = begun_by_http(live)
    handed_over(live, turn)
    handed_over(live, turn)
    live.server(CHUNK, TurnComplete())
    handed_over(live, turn)
    restarted = Driver()
    restarted.state.restore(live.state.kept(), restarted.now_s)
    restarted.connect()
    handed_over(restarted, turn)
    assert (live.sent_texts(), restarted.sent) == ([REST], [])


def test_rest_is_not_said_once_the_user_has_gone_on(live: Driver) -> None:
    turn = begun_by_http(live)
    second = live.speak(6400, 9600)
    handed_over(live, turn)
    assert [joined(pieces) for pieces, _ in activities(live.sent)] == [[(6400, 9600)]]
    assert live.sent_texts() == []
    live.server(CHUNK, TurnComplete())
    assert (live.ends(turn), live.ends(second)) == ([], ["complete"])


def test_rest_that_waits_is_given_up_when_the_user_goes_on(live: Driver) -> None:
    turn = begun_by_http(live)
    live.disconnect()
    handed_over(live, turn)
    second = live.speak(6400, 9600)
    live.connect()
    assert live.sent_texts() == []
    live.server(CHUNK, TurnComplete())
    assert (live.ends(turn), live.ends(second)) == (["interrupted"], ["complete"])


# Turn detection by the server.


@pytest.fixture
def listening() -> Driver:
    driver = Driver(Limits(local_turns=False))
    driver.connect()
    return driver


def sent_sound(live: Driver) -> list[tuple[int, int]]:
    return joined([(step.start, step.end) for step in live.sent])  # type: ignore[union-attr]


def test_server_that_detects_turns_gets_all_sound(listening: Driver) -> None:
    listening.hear(9600)
    assert sent_sound(listening) == [(0, 9600)]
    listening.server(USER, CHUNK, TurnComplete())
    assert listening.ends("local:9600") == ["complete"]
    assert listening.said("local:9600", "user") == "go forward"


def test_server_side_interruption_ends_the_answer(listening: Driver) -> None:
    listening.hear(9600)
    listening.server(CHUNK, Interrupted(), TurnComplete())
    listening.hear(12_800)
    listening.server(CHUNK, TurnComplete())
    assert listening.ends() == ["interrupted", "complete"]


def test_late_transcript_opens_no_turn_of_its_own(listening: Driver) -> None:
    listening.hear(9600)
    listening.server(CHUNK, TurnComplete(), USER)
    assert listening.idle
    assert listening.said("local:9600", "user") == "go forward"


def test_unanswered_sound_is_streamed_again_after_a_reconnect(listening: Driver) -> None:
    listening.hear(9600)
    listening.server(CHUNK, TurnComplete())
    listening.hear(16_000)
    listening.disconnect()
    listening.hear(19_200)
    listening.connect()
    assert sent_sound(listening) == [(9600, 19_200)]
