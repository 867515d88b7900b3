"""The conversation as a state machine: lost connections, silence, restarts."""

import pytest
from exchanging import Driver, activities, joined

from actors.backends.realtime.events import (
    AnswerChunk,
    GenerationComplete,
    Said,
    TurnComplete,
)
from actors.backends.realtime.link import Activity
from actors.backends.realtime.steps import SendActivity
from actors.backends.records import KeptTurns
from actors.backends.session import cut_off
from pipeline.frames import AnswerEnded, Side, Transcript

CHUNK = AnswerChunk(bytes(960))
USER = Said(Side.USER, "go forward")


@pytest.fixture
def live() -> Driver:
    driver = Driver()
    driver.connect()
    return driver


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


def test_an_answer_that_comes_when_it_was_given_up_is_not_begun_and_cut_off(live: Driver) -> None:
    # As when a process that was held up sees the deadline and the first sound at once.
    turn = live.speak(0, 3200)
    live.wait(live.limits.first_event_s)
    assert live.wants_out
    live.server(USER, CHUNK)
    live.disconnect("frozen")
    assert (live.frames, live.ends()) == ([], [])
    live.connect()
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
    live.do(live.downlink.link_gone("quota"))
    assert live.ends(waiting) == ["failed"]
    assert live.ends(speaking) == []
    live.hear(8000)
    live.end(6000, 8000)
    assert live.ends(speaking) == ["failed"]


def test_events_heard_again_are_not_answered_again(live: Driver) -> None:
    turn = live.speak(0, 3200)
    live.server(CHUNK, TurnComplete())
    live.start(0)
    live.end(0, 3200)
    assert live.ends(turn) == ["complete"]
    assert len(activities(live.sent)) == 1


def test_restarted_process_answers_no_turn_twice_and_ends_the_one_it_was_at() -> None:
    live = Driver()
    kept = KeptTurns(["local:0"], {"local:6400": 3}, epoch=3)
    live.state.restore(kept, live.now_s)
    live.do([*cut_off(kept, "local", "live")])
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


def test_no_turn_begins_within_one_whose_sound_never_came(live: Driver) -> None:
    first = live.start(0)
    live.end(0, 3200)
    live.start(3200)
    live.wait(70.0)
    assert live.ends(first) == ["failed"]
    assert live.wants_out
    assert live.sent == [SendActivity(Activity.STARTED)]
    live.disconnect()
    live.connect()
    live.hear(6400)
    live.end(3200, 6400)
    ((pieces, ended),) = activities(live.sent)
    assert (joined(pieces), ended) == ([(3200, 6400)], True)
