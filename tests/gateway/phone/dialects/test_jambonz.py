"""jambonz' words: a table of messages, as its SDK and mod_audio_fork have them."""

from __future__ import annotations

import base64
import json
from array import array
from typing import Any

import pytest
from dialect_rows import Row, ids, pairs, said, sent, understood
from phone_lines import CALL_UUID, SOUND, STARTS, line_up

from actors.gateway.phone.dialect import (
    CallStarted,
    Encoding,
    KeyPressed,
    LineEvent,
    LineProblem,
    LineSound,
    MarkReached,
    SoundHeard,
)
from actors.gateway.phone.dialects.jambonz import JambonzDialect

LINEAR_8K = LineSound(Encoding.PCM16, 8000)
UNDERSTOOD: list[Row] = [
    ("sound", SOUND, [SoundHeard(SOUND)]),
    ("dtmf", {"event": "dtmf", "dtmf": "1", "duration": "1600"}, [KeyPressed("1")]),
    (
        "mark reached",
        '{"type": "mark", "data": {"name":"m1", "event": "playout"}}',
        [MarkReached("m1")],
    ),
    (
        "mark cleared",
        '{"type": "mark", "data": {"name":"m1", "event": "cleared"}}',
        [MarkReached("m1", cleared=True)],
    ),
    ("what is new", {"type": "weather"}, []),
    (
        "a second start",
        STARTS["jambonz"],
        [LineProblem("this line was started before")],
    ),
]


def start(**fields: Any) -> str:
    return json.dumps({"callSid": CALL_UUID, "sampleRate": 8000, "mixType": "mono", **fields})


@pytest.mark.parametrize(("message", "events"), pairs(UNDERSTOOD), ids=ids(UNDERSTOOD))
def test_jambonz_is_understood(message: str | bytes, events: list[LineEvent]) -> None:
    assert understood("jambonz", message) == events


def test_a_call_of_jambonz_begins() -> None:
    (started,) = JambonzDialect().take(STARTS["jambonz"])
    assert started == CallStarted(
        CALL_UUID,
        "8a1b2c",
        LINEAR_8K,
        LINEAR_8K,
        caller="+15551230000",
        called="+15559990000",
        direction="inbound",
        parameters={
            "sampleRate": "8000",
            "mixType": "mono",
            "callSid": CALL_UUID,
            "callId": "8a1b2c",
            "from": "+15551230000",
            "to": "+15559990000",
            "direction": "inbound",
            "business": "b42",
        },
    )


def test_the_rate_of_what_is_sent_may_be_another() -> None:
    (started,) = JambonzDialect({"rate-out": "24000"}).take(start())
    assert isinstance(started, CallStarted)
    assert (started.sound_in.rate_hz, started.sound_out.rate_hz) == (8000, 24_000)


def test_two_channels_are_refused_and_a_mix_is_told() -> None:
    assert JambonzDialect().take(start(mixType="stereo")) == [
        LineProblem("the stream has two channels: start it with the mix type `mono`")
    ]
    started, problem = JambonzDialect().take(start(mixType="mixed"))
    assert isinstance(started, CallStarted)
    assert isinstance(problem, LineProblem)


def test_jambonz_is_told_in_its_own_words() -> None:
    dialect = line_up("jambonz")
    assert dialect.sound(b"\x01\x02\x03") == [b"\x01\x02"]
    assert dialect.sound(b"\x04") == [b"\x03\x04"]
    assert said(dialect.mark("m1")) == [{"type": "mark", "data": {"name": "m1"}}]
    assert said(dialect.clear()) == [{"type": "killAudio"}]
    assert said(dialect.hang_up()) == [{"type": "disconnect"}]


def test_silence_follows_the_end_so_that_its_buffer_plays_it_and_sees_the_mark() -> None:
    dialect = line_up("jambonz")
    dialect.sound(bytes(320))
    dialect.mark("m1")
    assert dialect.finish() == [bytes(8000 * 2 * 160 // 1000)]


def test_marks_that_were_cleared_are_not_waited_for_in_place_of_the_next() -> None:
    """As many more as mod_audio_fork still waits for, which it takes for those."""
    dialect = line_up("jambonz")
    dialect.sound(bytes(320))
    dialect.mark("m1")
    dialect.mark("m2")
    dialect.mark("m3")
    dialect.take('{"type": "mark", "data": {"name":"m1", "event": "playout"}}')
    dialect.clear()
    for name in ("m2", "m3"):
        dialect.take(sent({"type": "mark", "data": {"name": name, "event": "cleared"}}))
    owed = {"type": "mark", "data": {"name": "-"}}
    assert said(dialect.sound(bytes(320))) == [owed, owed, bytes(320)]
    assert said(dialect.sound(bytes(320))) == [bytes(320)]
    answered = sent({"type": "mark", "data": {"name": "-", "event": "playout"}})
    assert dialect.take(answered) == [], "by one that does not do so"


def test_no_sample_is_taken_for_a_mark() -> None:
    samples = array("h", [-2, -1, 0, 1, -1, 255, -256])
    (message,) = line_up("jambonz").sound(samples.tobytes())
    assert list(array("h", message)) == [-2, -2, 0, 1, -2, 255, -256]


class TestClips:
    def test_sound_goes_out_in_clips_of_200_ms_one_behind_the_other(self) -> None:
        dialect = line_up("jambonz-clips")
        assert dialect.sound(b"\x07" * 6399) == []
        (clip,) = said(dialect.sound(b"\x07"))
        assert base64.b64decode(clip["data"].pop("audioContent")) == b"\x07" * 6400
        assert clip == {
            "type": "playAudio",
            "data": {
                "audioContentType": "raw",
                "sampleRate": 16_000,
                "id": "1",
                "queuePlay": True,
            },
        }

    def test_a_mark_is_the_end_of_the_clip_before_it(self) -> None:
        dialect = line_up("jambonz-clips")
        dialect.sound(bytes(6400))
        assert dialect.mark("m1") == []
        dialect.sound(bytes(6400))
        dialect.mark("m2")
        assert dialect.take(sent({"type": "playDone", "data": {"id": "1"}})) == [MarkReached("m1")]
        assert dialect.take(sent({"type": "playDone", "data": {"id": "1"}})) == []
        assert dialect.take(sent({"type": "playDone", "data": {"id": "2"}})) == [MarkReached("m2")]

    def test_a_mark_within_a_clip_waits_for_it(self) -> None:
        dialect = line_up("jambonz-clips")
        dialect.sound(bytes(100))
        dialect.mark("m1")
        assert dialect.take(sent({"type": "playDone", "data": {"id": "0"}})) == []
        assert len(dialect.finish()) == 1
        assert dialect.take(sent({"type": "playDone", "data": {"id": "1"}})) == [MarkReached("m1")]

    def test_to_clear_is_to_empty_the_queue_and_to_stop_the_clip(self) -> None:
        dialect = line_up("jambonz-clips")
        dialect.sound(bytes(12_800))
        dialect.mark("m1")
        silence, kill = said(dialect.clear())
        assert silence["data"]["queuePlay"] is False
        assert not any(base64.b64decode(silence["data"]["audioContent"]))
        assert kill == {"type": "killAudio"}
        done = sent({"type": "playDone", "data": {"id": "1"}})
        assert dialect.take(done) == [], "it was cut off and not heard"
