"""The conversation as a state machine: what is sent, and what events mean."""

import pytest
from exchanging import Driver, activities, joined

from actors.live.book import Limits
from actors.live.events import (
    AnswerChunk,
    CallRequested,
    CallsCancelled,
    GenerationComplete,
    Interrupted,
    Said,
    TurnComplete,
    UsageReported,
)
from actors.live.memory import Memorable
from actors.live.steps import SendText, StartActivity
from pipeline.frames import AnswerAudio, AnswerEnded, Side, Transcript

CHUNK = AnswerChunk(bytes(960))
USER = Said(Side.USER, "go forward")


@pytest.fixture
def live() -> Driver:
    driver = Driver()
    driver.connect()
    return driver


def test_only_the_sound_of_the_turn_is_sent_from_its_first_sample_on(live: Driver) -> None:
    live.hear(4800)
    live.start(1000)
    live.hear(8000)
    live.end(1000, 7900)
    live.hear(12_000)
    ((pieces, ended),) = activities(live.sent)
    assert (joined(pieces), ended) == ([(1000, 8000)], True)


def test_each_live_block_goes_out_as_it_comes(live: Driver) -> None:
    live.hear(320)
    live.start(0)
    live.hear(960)
    ((pieces, _),) = activities(live.sent)
    assert pieces == [(0, 320), (320, 640), (640, 960)]


def test_end_of_speech_waits_for_sound_that_is_still_on_its_way(live: Driver) -> None:
    live.hear(640)
    live.start(0)
    live.end(0, 1600)
    assert activities(live.sent) == [([(0, 640)], False)]
    live.hear(2240)
    ((pieces, ended),) = activities(live.sent)
    assert (joined(pieces), ended) == ([(0, 1600)], True)


def test_answer_audio_carries_its_position_and_ends_complete(live: Driver) -> None:
    turn = live.speak(0, 3200)
    live.server(CHUNK, CHUNK, GenerationComplete(), TurnComplete())
    positions = [f.position for f in live.frames if isinstance(f, AnswerAudio)]
    assert positions == [0, 480]
    assert live.ends(turn) == ["complete"]
    assert live.exchange.idle()


def test_turn_without_sound_ends_empty(live: Driver) -> None:
    turn = live.speak(0, 3200)
    live.server(TurnComplete())
    assert live.ends(turn) == ["empty"]


def test_generation_complete_alone_ends_the_turn_after_a_grace(live: Driver) -> None:
    turn = live.speak(0, 3200)
    live.server(CHUNK, GenerationComplete())
    assert live.ends() == []
    live.wait(0.6)
    assert live.ends(turn) == ["complete"]
    # The turnComplete that comes late after all is not taken for the next turn's.
    after = live.speak(6400, 9600)
    live.server(TurnComplete())
    assert live.ends(after) == []
    live.server(CHUNK, TurnComplete())
    assert live.ends(after) == ["complete"]


def test_speech_over_the_answer_interrupts_it_and_nothing_of_it_is_heard_later(
    live: Driver,
) -> None:
    first = live.speak(0, 3200)
    live.server(CHUNK)
    second = live.speak(6400, 9600)
    assert live.ends(first) == ["interrupted"]
    live.server(CHUNK, Said(Side.MODEL, "late"), Interrupted(), TurnComplete())
    assert live.samples(first) == 480
    assert live.samples(second) == 0
    live.server(CHUNK, CHUNK, TurnComplete())
    assert live.samples(second) == 960
    assert live.ends() == ["interrupted", "complete"]


def test_answer_that_was_complete_when_interrupted_counts_as_complete(live: Driver) -> None:
    first = live.speak(0, 3200)
    live.server(CHUNK, GenerationComplete())
    second = live.speak(6400, 9600)
    live.server(Interrupted(), TurnComplete(), CHUNK, TurnComplete())
    assert live.ends(first) == ["complete"]
    assert live.ends(second) == ["complete"]
    assert live.samples(second) == 480


def test_server_that_says_nothing_of_the_interruption_does_not_block_the_next_answer(
    live: Driver,
) -> None:
    live.speak(0, 3200)
    second = live.speak(6400, 9600)
    live.wait(1.5)
    live.server(CHUNK, TurnComplete())
    assert live.ends(second) == ["complete"]


def test_turn_that_comes_without_a_connection_is_sent_whole_when_there_is_one() -> None:
    live = Driver()
    live.speak(640, 3200)
    assert live.sent == []
    live.connect()
    assert activities(live.sent) == [([(640, 3200)], True)]


@pytest.mark.parametrize("cut_at", [1280, 3200])
def test_turn_is_sent_again_whole_after_a_reconnect(live: Driver, cut_at: int) -> None:
    live.hear(640)
    turn = live.start(320)
    live.hear(cut_at)
    if cut_at == 3200:
        live.end(320, 3200)
    live.disconnect()
    live.hear(3200)
    live.end(320, 3200)
    live.connect()
    ((pieces, ended),) = activities(live.sent)
    assert (joined(pieces), ended) == ([(320, 3200)], True)
    live.server(CHUNK, TurnComplete())
    assert live.ends(turn) == ["complete"]


def test_half_an_answer_is_not_made_anew(live: Driver) -> None:
    turn = live.speak(0, 3200)
    live.server(CHUNK)
    live.disconnect()
    live.connect()
    assert live.ends(turn) == ["failed"]
    assert live.sent == []


def test_answer_that_lacked_only_its_end_is_complete_when_the_connection_breaks(
    live: Driver,
) -> None:
    turn = live.speak(0, 3200)
    live.server(CHUNK, GenerationComplete())
    live.disconnect()
    assert live.ends(turn) == ["complete"]


def test_speech_that_was_never_delivered_is_sent_with_what_follows_it() -> None:
    live = Driver()
    first = live.speak(0, 3200)
    live.hear(4800)
    live.start(4800)
    live.hear(6400)
    live.connect()
    ((pieces, ended),) = activities(live.sent)
    assert (pieces, ended) == ([(0, 3200), (4800, 6400)], False)
    assert live.ends(first) == ["interrupted"]


def test_unanswered_speech_is_sent_with_the_next_turn_if_the_session_is_lost(
    live: Driver,
) -> None:
    live.speak(0, 3200)
    live.hear(4800)
    live.start(4800)
    live.hear(6400)
    live.disconnect()
    live.connect()
    ((pieces, _),) = activities(live.sent)
    assert pieces == [(0, 3200), (4800, 6400)]


def test_text_of_the_user_is_not_published_twice_when_a_turn_is_sent_again(
    live: Driver,
) -> None:
    turn = live.speak(0, 3200)
    live.server(Said(Side.USER, "go "))
    live.disconnect()
    live.connect()
    live.server(Said(Side.USER, "go "), Said(Side.USER, "forward"), CHUNK, TurnComplete())
    assert live.said(turn, "user") == "go forward"


def test_transcript_that_comes_after_the_answer_is_the_turns_last_word(live: Driver) -> None:
    turn = live.speak(0, 3200)
    live.server(CHUNK, TurnComplete(), USER)
    last = live.frames[-1]
    assert isinstance(last, Transcript)
    assert (last.turn, last.side, last.text, last.final) == (turn, Side.USER, "go forward", True)


def test_transcript_of_the_model_says_after_how_much_sound_it_came(live: Driver) -> None:
    live.speak(0, 3200)
    live.server(Said(Side.MODEL, "I "), CHUNK, Said(Side.MODEL, "see"), TurnComplete())
    pieces = [f for f in live.frames if isinstance(f, Transcript)]
    assert [(f.text, f.audio_position, f.final) for f in pieces] == [
        ("I ", 0, False),
        ("see", 480, False),
        ("", 480, True),
    ]


def test_silence_after_a_turn_makes_a_new_connection_once_and_then_fails(live: Driver) -> None:
    turn = live.speak(0, 3200)
    live.wait(4.1)
    assert live.wants_out
    assert live.ends() == []
    live.disconnect("frozen")
    live.connect()
    assert activities(live.sent) == [([(0, 3200)], True)]
    live.wait(4.1)
    assert live.wants_out
    assert live.ends(turn) == ["failed"]


def test_stall_in_mid_answer_fails_the_turn(live: Driver) -> None:
    turn = live.speak(0, 3200)
    live.server(CHUNK)
    live.wait(9)
    live.server(CHUNK)
    live.wait(9)
    assert live.ends() == []
    live.wait(2)
    assert live.ends(turn) == ["failed"]
    assert live.wants_out


def test_turn_without_a_connection_fails_in_the_end(live: Driver) -> None:
    live.disconnect()
    turn = live.speak(0, 3200)
    live.wait(25)
    assert live.ends(turn) == ["failed"]


def test_unavailable_backend_fails_turns_as_soon_as_they_are_complete(live: Driver) -> None:
    waiting = live.speak(0, 3200)
    live.disconnect()
    live.hear(6400)
    speaking = live.start(6000)
    live.do(live.exchange.unavailable("quota"))
    assert live.ends(waiting) == ["failed"]
    assert live.ends(speaking) == []
    live.hear(8000)
    live.end(6000, 8000)
    assert live.ends(speaking) == ["failed"]


def test_typed_lines_are_answered_one_after_the_other(live: Driver) -> None:
    live.do(live.exchange.typed("local:t1", "one", live.now_s))
    live.do(live.exchange.typed("local:t2", "two", live.now_s))
    assert live.sent == [SendText("one")]
    live.server(CHUNK, TurnComplete())
    assert live.sent == [SendText("one"), SendText("two")]
    live.server(CHUNK, TurnComplete())
    assert live.ends() == ["complete", "complete"]
    assert live.said("local:t2", "user") == "two"


def test_speech_does_not_wait_for_typed_lines(live: Driver) -> None:
    live.do(live.exchange.typed("local:t1", "one", live.now_s))
    live.do(live.exchange.typed("local:t2", "two", live.now_s))
    spoken = live.speak(0, 3200)
    assert live.ends("local:t1") == ["interrupted"]
    live.server(Interrupted(), TurnComplete(), CHUNK, TurnComplete())
    assert live.ends(spoken) == ["complete"]
    assert live.sent[-1] == SendText("two")


def test_events_heard_again_are_not_answered_again(live: Driver) -> None:
    turn = live.speak(0, 3200)
    live.server(CHUNK, TurnComplete())
    live.start(0)
    live.end(0, 3200)
    assert live.ends(turn) == ["complete"]
    assert len(activities(live.sent)) == 1


def test_restarted_process_answers_no_turn_twice_and_ends_the_one_it_was_at() -> None:
    live = Driver()
    live.do(live.exchange.restore(Memorable(["local:0"], ["local:6400"], epoch=3)))
    live.connect()
    live.speak(0, 3200)
    live.speak(6400, 9600)
    waiting = live.speak(12_800, 16_000)
    assert live.ends("local:6400") == ["failed"]
    assert live.ends("local:0") == []
    assert activities(live.sent) == [([(12_800, 13_120), *blocks(13_120, 16_000)], True)]
    live.server(CHUNK, TurnComplete())
    assert live.ends(waiting) == ["complete"]
    assert all(f.epoch == 3 for f in live.frames if isinstance(f, AnswerEnded))


def blocks(start: int, end: int) -> list[tuple[int, int]]:
    return [(at, at + 320) for at in range(start, end, 320)]


# Tools.


def test_tool_call_is_answered_with_its_id_and_the_turn_goes_on(live: Driver) -> None:
    turn = live.speak(0, 3200)
    live.server(CallRequested("c1", "move", {"m": 10}))
    assert live.calls() == ["c1"]
    live.wait(30)
    assert live.ends() == []
    live.do(live.exchange.tool_result("c1", {"ok": True}, live.now_s))
    live.do(live.exchange.tool_result("c1", {"ok": True}, live.now_s))
    live.do(live.exchange.tool_result("c9", {}, live.now_s))
    assert live.replies() == ["c1"]
    assert live.counters["results_dropped"] == 2
    live.server(CHUNK, TurnComplete())
    assert live.ends(turn) == ["complete"]


def test_speech_is_held_back_while_a_blocking_tool_runs(live: Driver) -> None:
    first = live.speak(0, 3200)
    live.server(CallRequested("c1", "move", {}))
    second = live.speak(6400, 9600)
    assert len(activities(live.sent)) == 1
    live.do(live.exchange.tool_result("c1", {}, live.now_s))
    assert [joined(pieces) for pieces, _ in activities(live.sent)] == [[(0, 3200)], [(6400, 9600)]]
    live.server(Interrupted(), TurnComplete(), CHUNK, TurnComplete())
    assert (live.ends(first), live.ends(second)) == (["interrupted"], ["complete"])


def test_cancelled_call_is_not_answered(live: Driver) -> None:
    live.speak(0, 3200)
    live.server(CallRequested("c1", "move", {}), CallsCancelled(("c1",)))
    assert live.cancels() == ["c1"]
    live.do(live.exchange.tool_result("c1", {}, live.now_s))
    assert live.replies() == []


def test_call_asked_for_again_after_a_reconnect_is_carried_out_once(live: Driver) -> None:
    turn = live.speak(0, 3200)
    live.server(CallRequested("c1", "move", {"m": 1}))
    live.disconnect()
    live.connect()
    live.do(live.exchange.tool_result("c1", {"ok": True}, live.now_s))
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
    live.do(live.exchange.tool_result("c1", {"ok": True}, live.now_s))
    assert (live.calls(), live.replies()) == (["c1"], ["c2"])


def test_same_call_twice_in_one_session_is_carried_out_twice(live: Driver) -> None:
    live.speak(0, 3200)
    for call_id in ("c1", "c2"):
        live.server(CallRequested(call_id, "step", {}))
        live.do(live.exchange.tool_result(call_id, {}, live.now_s))
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
    live.do(live.exchange.tool_result("c1", {}, live.now_s))
    live.server(CHUNK, TurnComplete())
    live.wait(2.1)
    assert live.ends(turn) == ["complete"]
    assert live.samples(turn) == 960


# Route.


def test_understudy_keeps_the_turn_and_answers_it_when_it_becomes_the_owner(
    live: Driver,
) -> None:
    live.do(live.exchange.route("http", 1, live.now_s))
    turn = live.speak(0, 3200)
    assert live.sent == []
    live.do(live.exchange.route("live", 2, live.now_s))
    assert [joined(p) for p, _ in activities(live.sent)] == [[(0, 3200)]]
    live.server(CHUNK, TurnComplete())
    assert live.ends(turn) == ["complete"]
    epochs = {f.epoch for f in live.frames if isinstance(f, (AnswerAudio, AnswerEnded))}
    assert epochs == {2}


def test_understudy_does_not_answer_what_another_backend_has_answered(live: Driver) -> None:
    live.do(live.exchange.route("http", 1, live.now_s))
    turn = live.speak(0, 3200)
    live.exchange.answered_elsewhere(turn)
    live.do(live.exchange.route("live", 2, live.now_s))
    assert live.sent == []


def test_losing_the_route_in_mid_answer_says_nothing_more(live: Driver) -> None:
    turn = live.speak(0, 3200)
    live.server(CHUNK)
    live.do(live.exchange.route("http", 1, live.now_s))
    assert live.wants_out
    live.disconnect("withdrawn")
    live.connect()
    assert live.ends(turn) == []
    assert live.sent == []


def test_nobody_answers_before_the_first_route() -> None:
    live = Driver()
    live.do(live.exchange.route(None, 0, live.now_s))
    live.connect()
    live.speak(0, 3200)
    assert live.sent == []
    live.do(live.exchange.route("live", 1, live.now_s))
    assert isinstance(live.sent[0], StartActivity)


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
    assert listening.exchange.idle()
    assert listening.said("local:9600", "user") == "go forward"


def test_unanswered_sound_is_streamed_again_after_a_reconnect(listening: Driver) -> None:
    listening.hear(9600)
    listening.server(CHUNK, TurnComplete())
    listening.hear(16_000)
    listening.disconnect()
    listening.hear(19_200)
    listening.connect()
    assert sent_sound(listening) == [(9600, 19_200)]


def test_usage_belongs_to_the_turn_or_the_one_just_ended(live: Driver) -> None:
    turn = live.speak(0, 3200)
    tokens = UsageReported({"audio": 5}, {"audio": 7}, 12)
    live.server(CHUNK, tokens, TurnComplete(), tokens)
    assert [(u.turn, u.input_tokens, u.total_tokens) for u in live.usages()] == [
        (turn, {"audio": 5}, 12)
    ] * 2
