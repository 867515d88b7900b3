"""Vonage's words: a table of messages, as its guide has them."""

from __future__ import annotations

import json

import pytest
from dialect_rows import Row, ids, pairs, said, understood
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
from actors.gateway.phone.dialects.vonage import VonageDialect

UNDERSTOOD: list[Row] = [
    ("sound", SOUND, [SoundHeard(SOUND)]),
    ("dtmf", {"event": "websocket:dtmf", "digit": "5", "duration": 260}, [KeyPressed("5")]),
    ("dtmf below", {"event": "websocket:dtmf", "dtmf": {"digit": "#"}}, [KeyPressed("#")]),
    (
        "notify",
        {"event": "websocket:notify", "payload": {"name": "m1"}},
        [MarkReached("m1")],
    ),
    ("cleared", {"event": "websocket:cleared"}, []),
    ("what is new", {"event": "websocket:media:update", "active": False}, []),
    ("no JSON", "hello", [LineProblem("this is no JSON: hello")]),
]


def connected(**fields: object) -> str:
    return json.dumps({"event": "websocket:connected", **fields})


@pytest.mark.parametrize(("message", "events"), pairs(UNDERSTOOD), ids=ids(UNDERSTOOD))
def test_vonage_is_understood(message: str | bytes, events: list[LineEvent]) -> None:
    assert understood("vonage", message) == events


def test_a_call_of_vonage_begins() -> None:
    sound = LineSound(Encoding.PCM16, 16_000)
    assert VonageDialect().take(STARTS["vonage"]) == [
        CallStarted(
            CALL_UUID,
            "",
            sound,
            sound,
            caller="447700900123",
            parameters={
                "uuid": CALL_UUID,
                "caller-id": "447700900123",
                "language": "en-GB",
            },
        )
    ]


@pytest.mark.parametrize("rate_hz", [8000, 16_000, 24_000])
def test_a_message_of_sound_is_exactly_20_ms(rate_hz: int) -> None:
    dialect = VonageDialect()
    dialect.take(connected(**{"content-type": f"audio/l16;rate={rate_hz}"}))
    frame = rate_hz * 2 // 50
    assert dialect.sound(b"\x07" * (frame - 1)) == []
    assert dialect.sound(b"\x07" * (frame + 4)) == [b"\x07" * frame] * 2
    dialect.sound(b"\x07" * 5)
    assert dialect.finish() == [b"\x07" * 8 + bytes(frame - 8)]


@pytest.mark.parametrize("form", ["audio/l16", "audio/l16;rate=", "audio/opus;rate=48000", ""])
def test_a_form_that_is_not_understood_is_told(form: str) -> None:
    (problem,) = VonageDialect().take(connected(**{"content-type": form}))
    assert isinstance(problem, LineProblem)
    assert "audio/l16" in problem.text


def test_headers_may_be_of_any_type() -> None:
    (started,) = VonageDialect().take(
        connected(**{"content-type": "audio/l16;rate=8000", "n": 5, "on": True, "of": {"a": [1]}})
    )
    assert isinstance(started, CallStarted)
    assert started.parameters == {"n": "5", "on": "true", "of": '{"a": [1]}'}


def test_the_query_names_the_call_if_the_headers_do_not() -> None:
    (started,) = VonageDialect({"uuid": "c1"}).take(
        connected(**{"content-type": "audio/l16;rate=8000"})
    )
    assert isinstance(started, CallStarted)
    assert started.call_id == "c1"


def test_vonage_is_told_in_its_own_words() -> None:
    dialect = line_up("vonage")
    assert said(dialect.mark("m1")) == [{"action": "notify", "payload": {"name": "m1"}}]
    assert said(dialect.clear()) == [{"action": "clear"}]


def test_sound_from_before_the_first_message_is_heard_behind_it() -> None:
    dialect = VonageDialect()
    assert dialect.take(b"\x01\x02") == []
    started, first = dialect.take(STARTS["vonage"])
    assert isinstance(started, CallStarted)
    assert first == SoundHeard(b"\x01\x02")
