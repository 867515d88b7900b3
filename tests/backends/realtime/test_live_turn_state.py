"""The conversation as a state machine: what is sent, and what events mean."""

import pytest
from exchanging import Driver, activities, joined

from actors.backends.answer import Tokens
from actors.backends.realtime.events import (
    AnswerChunk,
    CallRequested,
    GenerationComplete,
    Interrupted,
    Said,
    TurnComplete,
)
from actors.backends.realtime.limits import Limits
from actors.backends.realtime.steps import SendText
from pipeline.frames import AnswerAudio, Side

CHUNK = AnswerChunk(bytes(960))
USER = Said(Side.USER, "go forward")


@pytest.fixture
def live() -> Driver:
    driver = Driver()
    driver.connect()
    return driver


def test_who_speaks_before_the_model_is_answered_alone() -> None:
    driver = Driver()
    driver.do(driver.uplink.speak_first("local:first", driver.now_s))
    driver.hear(320)
    turn = driver.start(0)
    assert driver.ends("local:first") == ["interrupted"]
    driver.connect()
    driver.hear(3200)
    driver.end(0, 3200)
    driver.server(CHUNK, GenerationComplete(), TurnComplete())
    assert driver.ends(turn) == ["complete"]
    assert not [step for step in driver.sent if isinstance(step, SendText)]


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
    assert live.idle


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


def test_model_that_tells_when_it_is_idle_may_tell_when_the_answer_has_been_played() -> None:
    live = Driver(Limits(grace_s=None, stall_s=10, first_event_s=15))
    live.connect()
    turn = live.speak(0, 3200)
    half_a_minute = AnswerChunk(bytes(30 * 48_000))
    live.server(half_a_minute, GenerationComplete())
    live.wait(31)
    live.server(TurnComplete())
    assert live.ends(turn) == ["complete"]
    assert not live.wants_out


def test_model_that_does_not_go_on_after_it_said_something_has_stalled() -> None:
    live = Driver(Limits(grace_s=None, stall_s=10, first_event_s=15))
    live.connect()
    turn = live.speak(0, 3200)
    live.server(AnswerChunk(bytes(48_000)), GenerationComplete())
    live.wait(15)
    assert live.ends() == []
    live.wait(2)
    assert live.ends(turn) == ["failed"]
    assert live.wants_out


def test_result_that_is_there_before_the_filler_has_been_played_is_heard() -> None:
    live = Driver(Limits(blocking=False, follow_up_s=2))
    live.connect()
    turn = live.speak(0, 3200)
    live.server(CallRequested("c1", "move", {}))
    live.tool_result(live.calls()[0], {"ok": True})
    live.server(CHUNK, GenerationComplete())
    live.wait(1)
    live.server(TurnComplete(), CHUNK, GenerationComplete(), TurnComplete())
    assert live.samples(turn) == 960
    assert live.ends() == ["complete"]


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


def test_typed_lines_are_answered_one_after_the_other(live: Driver) -> None:
    live.do(live.uplink.typed("local:t1", "one", live.now_s))
    live.do(live.uplink.typed("local:t2", "two", live.now_s))
    assert live.sent == [SendText("one")]
    live.server(CHUNK, TurnComplete())
    assert live.sent == [SendText("one"), SendText("two")]
    live.server(CHUNK, TurnComplete())
    assert live.ends() == ["complete", "complete"]
    assert live.said("local:t2", "user") == "two"


def test_speech_does_not_wait_for_typed_lines(live: Driver) -> None:
    live.do(live.uplink.typed("local:t1", "one", live.now_s))
    live.do(live.uplink.typed("local:t2", "two", live.now_s))
    spoken = live.speak(0, 3200)
    assert live.ends("local:t1") == ["interrupted"]
    live.server(Interrupted(), TurnComplete(), CHUNK, TurnComplete())
    assert live.ends(spoken) == ["complete"]
    assert live.sent[-1] == SendText("two")


def test_usage_belongs_to_the_turn_or_the_one_just_ended(live: Driver) -> None:
    turn = live.speak(0, 3200)
    tokens = Tokens({"audio": 5}, {"audio": 7}, 12)
    live.server(CHUNK, tokens, TurnComplete(), tokens)
    assert [(u.turn, u.input_tokens, u.total_tokens) for u in live.usages()] == [
        (turn, {"audio": 5}, 12)
    ] * 2
