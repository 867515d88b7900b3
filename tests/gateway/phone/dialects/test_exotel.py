"""Exotel's words: a table of messages, as its pages have them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from dialect_rows import Row, ids, pairs, said, understood
from phone_lines import STARTS, line_up

from actors.gateway.phone.dialect import (
    CallStarted,
    Encoding,
    KeyPressed,
    LineEnded,
    LineEvent,
    LineProblem,
    LineSound,
    MarkReached,
    SoundHeard,
)
from actors.gateway.phone.dialects.exotel import ExotelDialect

UNDERSTOOD: list[Row] = [
    ("connected", {"event": "connected"}, []),
    (
        "media",
        {
            "event": "media",
            "sequence_number": "3",
            "stream_sid": "MZ1",
            "media": {"chunk": "2", "timestamp": "200", "payload": "AAEC"},
        },
        [SoundHeard(b"\x00\x01\x02", 2)],
    ),
    (
        "dtmf",
        {"event": "dtmf", "stream_sid": "MZ1", "dtmf": {"digit": "5", "duration": "100"}},
        [KeyPressed("5")],
    ),
    ("mark", {"event": "mark", "stream_sid": "MZ1", "mark": {"name": "m1"}}, [MarkReached("m1")]),
    (
        "stop",
        {"event": "stop", "stream_sid": "MZ1", "stop": {"call_sid": "CA1", "reason": "callended"}},
        [LineEnded("callended")],
    ),
    (
        "stop without a reason",
        {"event": "stop"},
        [LineEnded("the provider says that the call is over")],
    ),
    ("bytes", b"\0", [LineProblem("1 bytes came where text in JSON was expected")]),
]


@pytest.mark.parametrize(("message", "events"), pairs(UNDERSTOOD), ids=ids(UNDERSTOOD))
def test_exotel_is_understood(message: str | bytes, events: list[LineEvent]) -> None:
    assert understood("exotel", message) == events


@pytest.mark.parametrize(
    ("form", "query", "expected"),
    [
        ({"encoding": "audio/x-raw", "sample_rate": "8000"}, {}, (Encoding.PCM16, 8000)),
        ({"encoding": "raw/slin", "sample_rate": 16000}, {}, (Encoding.PCM16, 16000)),
        ({"encoding": "base64"}, {"sample-rate": "24000"}, (Encoding.PCM16, 24000)),
        ({}, {"sample-rate": "16000"}, (Encoding.PCM16, 16000)),
        ({}, {"sample-rate": "many"}, (Encoding.PCM16, 8000)),
        ({}, {}, (Encoding.PCM16, 8000)),
        ({"encoding": "audio/x-mulaw;rate=8000"}, {}, (Encoding.MULAW, 8000)),
    ],
)
def test_the_form_is_what_the_start_says_or_the_query_asked_for(
    form: dict[str, Any], query: dict[str, str], expected: tuple[Encoding, int]
) -> None:
    fields = json.loads(str(STARTS["exotel"]))
    fields["start"]["media_format"] = form
    sound = LineSound(*expected)
    assert ExotelDialect(query).take(json.dumps(fields)) == [
        CallStarted(
            "CA1",
            "MZ1",
            sound,
            sound,
            caller="+919876543210",
            called="+918047491899",
            parameters={"key1": "value1"},
        )
    ]


def test_the_pairs_of_the_query_are_parameters_too() -> None:
    query = {"sample-rate": "8000", "business": "b42", "key1": "of the query"}
    (started,) = ExotelDialect(query).take(STARTS["exotel"])
    assert isinstance(started, CallStarted)
    assert started.parameters == {"business": "b42", "key1": "value1"}


def test_exotel_is_told_in_its_own_words() -> None:
    dialect = line_up("exotel")
    assert dialect.sound(b"\x07" * 3199) == []
    assert dialect.mark("m1") == [], "its sound is not said yet"
    media, mark = said(dialect.sound(b"\x07"))
    assert base64.b64decode(media["media"].pop("payload")) == b"\x07" * 3200
    assert media == {"event": "media", "stream_sid": "MZ1", "media": {}}
    assert mark == {"event": "mark", "stream_sid": "MZ1", "mark": {"name": "m1"}}
    assert said(dialect.clear()) == [{"event": "clear", "stream_sid": "MZ1"}]


def test_what_exceeds_a_multiple_waits_and_goes_out_filled_up() -> None:
    dialect = line_up("exotel")
    (first,) = said(dialect.sound(b"\x07" * 4000))
    assert len(base64.b64decode(first["media"]["payload"])) == 3840
    (last,) = said(dialect.finish())
    assert base64.b64decode(last["media"]["payload"]) == b"\x07" * 160 + bytes(3040)


def test_much_sound_is_several_messages_of_less_than_100_kb() -> None:
    messages = said(line_up("exotel").sound(bytes(300_000)))
    sizes = [len(base64.b64decode(each["media"]["payload"])) for each in messages]
    assert sizes == [99_840, 99_840, 99_840]
