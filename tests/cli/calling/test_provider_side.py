"""The line at its provider: played in real time, cleared, marked, full, silent."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sides import Side

from actors.cli.calling.happening import What
from actors.cli.calling.line_queue import LineQueue, PlacedMark
from actors.cli.calling.orders import SetMark
from actors.cli.calling.provider_side import LineState, ProviderSide
from actors.cli.calling.provider_words import CallFacts
from actors.cli.calling.providers import PROVIDERS

ULAW_S = 8_000


def media(side: Side, seconds: float) -> dict[str, Any]:
    payload = base64.b64encode(side.sound(seconds)).decode()
    match side.side.words.name:
        case "plivo":
            content = {"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": payload}
            return {"event": "playAudio", "media": content}
        case "exotel":
            return {"event": "media", "stream_sid": "MZ1", "media": {"payload": payload}}
    return {"event": "media", "streamSid": "MZ1", "media": {"payload": payload}}


def mark(side: Side, name: str) -> dict[str, Any]:
    match side.side.words.name:
        case "plivo":
            return {"event": "checkpoint", "streamId": "MZ1", "name": name}
        case "exotel":
            return {"event": "mark", "stream_sid": "MZ1", "mark": {"name": name}}
        case "jambonz":
            return {"type": "mark", "data": {"name": name}}
        case "vonage":
            return {"action": "notify", "payload": {"name": name}}
        case "chan_websocket":
            return {"command": "MARK_MEDIA", "correlation_id": name}
    return {"event": "mark", "streamSid": "MZ1", "mark": {"name": name}}


def clear(side: Side) -> dict[str, Any]:
    match side.side.words.name:
        case "plivo":
            return {"event": "clearAudio", "streamId": "MZ1"}
        case "exotel":
            return {"event": "clear", "stream_sid": "MZ1"}
        case "jambonz":
            return {"type": "killAudio"}
        case "vonage":
            return {"action": "clear"}
        case "chan_websocket":
            return {"command": "FLUSH_MEDIA"}
    return {"event": "clear", "streamSid": "MZ1"}


def say(side: Side, seconds: float, now_s: float = 0.0) -> None:
    """Let the server say so much, in the pieces that the provider takes."""
    name = side.side.words.name
    if name in ("vonage", "jambonz", "chan_websocket"):
        for _ in range(round(seconds / 0.02)):
            side.take(side.sound(0.02), now_s)
    elif name == "audiosocket":
        for _ in range(round(seconds / 0.02)):
            side.take(b"\x10\x01\x40" + side.sound(0.02), now_s)
    else:
        side.take(media(side, seconds), now_s)


def named(messages: list[Any]) -> list[str]:
    """Names of marks that are given back."""
    names = []
    for message in messages:
        read = json.loads(message)
        for part in (read, read.get("mark"), read.get("data"), read.get("payload")):
            if isinstance(part, dict):
                names += [part[key] for key in ("name", "correlation_id") if key in part]
    return names


MARKING = ("twilio", "signalwire", "telnyx", "plivo", "exotel", "vonage", "jambonz")
MARKED = [name for name in (*MARKING, "chan_websocket") if name != "telnyx"]


@pytest.mark.parametrize("name", MARKED)
def test_a_mark_comes_back_when_the_sound_before_it_is_played(name: str) -> None:
    side = Side(name)
    say(side, 1.0)
    assert side.take(mark(side, "a")) == []
    say(side, 1.0)
    assert side.take(mark(side, "b")) == []
    assert named(side.play(0.99)[1]) == []
    assert named(side.play(1.01)[1]) == ["a"]
    assert named(side.play(2.01)[1]) == ["b"]
    first, second = side.values(What.MARK_BACK)
    assert first["after_ms"] == pytest.approx(1010)
    assert not second["cleared"]


def test_a_mark_behind_nothing_comes_back_at_once() -> None:
    side = Side("twilio")
    assert named(side.take(mark(side, "a"))) == ["a"]


@pytest.mark.parametrize("name", MARKED)
def test_a_clear_empties_the_line_and_gives_marks_back_as_the_provider_does(name: str) -> None:
    side = Side(name)
    say(side, 1.0)
    side.take(mark(side, "a"))
    side.play(0.25)
    replies = side.take(clear(side), 0.25)
    back = {
        "twilio": ["a"],
        "signalwire": ["a"],
        "exotel": ["a"],
        "jambonz": ["a"],
        "plivo": [],
        "vonage": [],
        "chan_websocket": [],
    }[name]
    assert named(replies) == back
    (cleared,) = side.values(What.CLEAR)
    assert cleared == {"left_ms": pytest.approx(750), "marks": 1}
    assert side.sounded(2.0) == 0
    assert named(side.play(3.0)[1]) == []
    if name == "jambonz":
        assert json.loads(replies[0])["data"]["event"] == "cleared"
    if name == "plivo":
        assert json.loads(replies[0])["event"] == "clearedAudio"
    if name == "vonage":
        assert json.loads(replies[0])["event"] == "websocket:cleared"


def test_marks_that_jambonz_forgets_do_not_come_back_and_the_sound_is_played() -> None:
    side = Side("jambonz")
    say(side, 1.0)
    side.take(mark(side, "a"))
    side.take({"type": "clearMarks"})
    assert side.play(1.5)[1] == []
    assert side.values(What.MARK_BACK) == []


def test_clips_of_jambonz_are_told_when_they_are_over_and_the_eleventh_is_lost() -> None:
    side = Side("jambonz_clips")
    content = base64.b64encode(side.sound(0.1)).decode()
    data = {"audioContentType": "raw", "sampleRate": 8000, "audioContent": content}
    for number in range(11):
        clip = {**data, "id": str(number), "queuePlay": True}
        side.take({"type": "playAudio", "data": clip})
    assert side.faults() == ["10 clips are waiting: this one is lost"]
    (done,) = side.play(0.11)[1]
    assert json.loads(done) == {"type": "playDone", "data": {"id": "0"}}
    replies = side.take({"type": "playAudio", "data": {**data, "id": "x"}}, 0.11)
    assert [json.loads(each)["data"]["id"] for each in replies] == [*"123456789"]
    assert side.side.waiting_s == pytest.approx(0.1)


def test_asterisk_asks_for_a_pause_before_its_queue_is_full_and_ends_it() -> None:
    side = Side("chan_websocket")
    frame = side.sound(0.02)
    for _ in range(899):
        assert side.take(frame) == []
    (paused,) = side.take(frame)
    assert json.loads(paused)["event"] == "MEDIA_XOFF"
    for _ in range(100):
        side.take(frame)
    assert side.values(What.DROPPED) == []
    side.take(frame)
    assert side.values(What.DROPPED) == [{"ms": 20.0}]
    assert side.play(4.0)[1] == []
    (resumed,) = side.play(4.03)[1]
    assert json.loads(resumed)["event"] == "MEDIA_XON"


def test_asterisk_tells_how_much_waits_and_when_nothing_does() -> None:
    side = Side("chan_websocket")
    side.take(side.sound(0.2))
    (status,) = side.take({"command": "GET_STATUS"})
    assert json.loads(status)["queue_length"] == 10
    assert side.take({"command": "REPORT_QUEUE_DRAINED"}) == []
    assert side.play(0.19)[1] == []
    (drained,) = side.play(0.21)[1]
    assert json.loads(drained)["event"] == "QUEUE_DRAINED"
    assert side.play(0.5)[1] == []


def test_asterisk_buffers_any_size_between_two_commands() -> None:
    side = Side("chan_websocket")
    side.take({"command": "START_MEDIA_BUFFERING"})
    for _ in range(3):
        side.take(bytes(100))
    assert side.side.waiting_s == pytest.approx(0.02)
    side.take({"command": "STOP_MEDIA_BUFFERING", "correlation_id": "x"})
    assert side.side.waiting_s == pytest.approx(0.04)
    (completed,) = side.play(0.05)[1]
    assert json.loads(completed)["event"] == "MEDIA_BUFFERING_COMPLETED"
    assert side.faults() == []


def test_asterisk_pauses_and_goes_on() -> None:
    side = Side("chan_websocket")
    side.take(side.sound(0.2))
    side.take({"command": "PAUSE_MEDIA"})
    assert side.sounded(1.0) == 0
    side.take({"command": "CONTINUE_MEDIA"}, 1.0)
    assert side.sounded(1.1) == 800


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("chan_websocket", {"command": "HANGUP"}),
        ("jambonz", {"type": "disconnect"}),
        ("mod_audio_fork", {"type": "disconnect"}),
        ("audiosocket", b"\x00\x00\x00"),
    ],
)
def test_the_server_hangs_up_by_a_message(name: str, message: Any) -> None:
    side = Side(name)
    side.take(message, 1.0)
    assert side.side.state is LineState.OVER
    assert side.values(What.HUNG_UP) == [{"by": "server", "why": "it said so"}]


def test_the_person_hangs_up_once() -> None:
    side = Side("twilio")
    (stop,) = side.side.hang_up(1.0)
    assert json.loads(stop)["event"] == "stop"
    assert side.side.hang_up(1.1) == []
    side.side.lost(1.2, "1000")
    assert side.values(What.HUNG_UP) == [{"by": "caller", "why": ""}]


def test_sound_that_comes_too_early_is_lost_where_there_is_no_queue() -> None:
    side = Side("audiosocket")
    say(side, 0.5)
    assert sum(each["ms"] for each in side.values(What.DROPPED)) == pytest.approx(300)
    assert side.sounded(1.0) == 1_600


def test_what_comes_late_within_the_buffer_of_the_telephone_is_no_gap() -> None:
    side = Side("audiosocket")
    for at_s in (0.0, 0.05, 0.09, 0.09):
        say(side, 0.02, at_s)
    stretches = side.play(0.14)[0]
    assert sum(each.sound for each in stretches) == 640
    assert sum(each.held for each in stretches) == 480


def test_two_seconds_without_traffic_end_a_call_of_audiosocket() -> None:
    side = Side("audiosocket")
    say(side, 0.02, 1.0)
    for block in range(50, 150):
        side.play(block / 50)
        assert side.side.state is LineState.UP
    side.play(3.01)
    assert side.side.state is LineState.OVER
    assert side.faults() == ["nothing came for 2 s"]


def test_while_who_listens_stands_still_no_server_is_silent() -> None:
    side = Side("audiosocket")
    say(side, 0.02, 1.0)
    side.play(1.02)
    side.play(9.0)
    assert side.side.state is LineState.UP
    for block in range(450, 600):
        side.play(block / 50)
    assert side.side.state is LineState.OVER


def test_a_message_before_the_line_is_up_is_a_fault() -> None:
    told: list[Any] = []
    side = ProviderSide(PROVIDERS["twilio"](CallFacts("CA1", "MZ1")), told.append)
    assert side.take('{"event":"clear","streamSid":"MZ1"}', 0.0) == []
    assert [each.what for each in told] == [What.FAULT]


def test_a_message_that_is_too_long_ends_the_call() -> None:
    side = Side("twilio")
    side.take(" " * 1_048_577)
    assert side.side.state is LineState.OVER


def test_lost_sound_leaves_a_hole_in_the_time_and_in_numbers_where_order_is_not_kept() -> None:
    for name, numbers in (("twilio", ["1", "2"]), ("telnyx", ["1", "3"])):
        side = Side(name)
        block = np.zeros(160, np.int16)
        said = [side.side.speak(block, lost=lost) for lost in (False, True, False)]
        first, none, third = said
        assert none == []
        media = [json.loads(each)["media"] for each in (*first, *third)]
        assert [each["chunk"] for each in media] == numbers
        assert [each["timestamp"] for each in media] == ["0", "40"]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 500)),
        st.tuples(st.just("mark"), st.integers(0, 9)),
        st.tuples(st.just("advance"), st.integers(0, 400)),
        st.tuples(st.just("clear"), st.just(0)),
        st.tuples(st.just("pause"), st.integers(0, 1)),
    ),
    max_size=40,
)


@given(STEPS)
def test_every_sample_is_played_dropped_cleared_or_waits_and_marks_keep_their_place(
    steps: list[tuple[str, int]],
) -> None:
    queue = LineQueue(1_000, 1.0)
    added = dropped = cleared = played = silent = clock = 0
    marks: dict[str, int] = {}
    """Where each mark is: samples added and kept before it, less those that were cleared."""
    for number, (step, value) in enumerate(steps):
        if step == "add":
            lost = queue.add(np.arange(added, added + value, dtype=np.int16))
            added, dropped = added + value, dropped + lost
        elif step == "mark":
            marks[str(number)] = added - dropped - cleared
            queue.mark(PlacedMark(SetMark(str(number)), 0.0))
        elif step == "clear":
            thrown = queue.clear()
            cleared += thrown.samples
            for each in thrown.marks:
                del marks[each.mark.name]
        elif step == "pause":
            queue.paused = bool(value)
        else:
            clock += value
            stretch = queue.advance(clock / 1_000)
            assert len(stretch.samples) == value
            assert stretch.held == 0
            assert not stretch.samples[stretch.sound :].any()
            played, silent = played + stretch.sound, silent + value - stretch.sound
            for each in stretch.marks:
                assert marks.pop(each.mark.name) <= played
        assert round(queue.waiting_s * 1_000) == added - dropped - cleared - played
        assert played + silent == clock
