"""Plivo's words: a table of messages, as its pages have them."""

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
from actors.gateway.phone.dialects.plivo import PlivoDialect, extra_headers

CALL, STREAM = "12345678-1234-1234-1234-123456789abc", "87654321-4321-4321-4321-cba987654321"
MULAW = LineSound(Encoding.MULAW, 8000)


def media(payload: str = "/38A", at: str = "1705312200000", **fields: Any) -> dict[str, Any]:
    return {
        "event": "media",
        "sequenceNumber": 42,
        "streamId": STREAM,
        "media": {"track": "inbound", "timestamp": at, "chunk": 41, "payload": payload, **fields},
        "extra_headers": "userId=12345;sessionId=abc-xyz",
    }


UNDERSTOOD: list[Row] = [
    ("media", media(), [SoundHeard(b"\xff\x7f\x00", 41)]),
    ("media without a time", media(timestamp=None), [SoundHeard(b"\xff\x7f\x00", 41)]),
    ("ours", media(track="outbound"), []),
    (
        "dtmf",
        {
            "event": "dtmf",
            "sequenceNumber": 57,
            "streamId": STREAM,
            "dtmf": {"track": "inbound", "digit": "1", "timestamp": "1705312200000"},
        },
        [KeyPressed("1")],
    ),
    (
        "playedStream",
        {"event": "playedStream", "sequenceNumber": 3, "streamId": STREAM, "name": "m1"},
        [MarkReached("m1")],
    ),
    ("played", {"event": "played", "streamId": STREAM, "name": "m1"}, [MarkReached("m1")]),
    ("clearedAudio", {"event": "clearedAudio", "sequenceNumber": 3, "streamId": STREAM}, []),
    ("stop", {"event": "stop"}, [LineEnded("the provider says that the call is over")]),
    ("no payload", media(""), [LineProblem("a media message has no payload")]),
    ("no key", {"event": "dtmf"}, [LineProblem("there is no key '' on a telephone")]),
]


@pytest.mark.parametrize(("message", "events"), pairs(UNDERSTOOD), ids=ids(UNDERSTOOD))
def test_plivo_is_understood(message: str | bytes, events: list[LineEvent]) -> None:
    assert understood("plivo", message) == events


@pytest.mark.parametrize(
    ("encoding", "rate_hz", "form"),
    [
        ("audio/x-mulaw", 8000, MULAW),
        ("audio/x-l16", "8000", LineSound(Encoding.PCM16, 8000)),
        ("audio/x-l16;rate=16000", 16000, LineSound(Encoding.PCM16, 16000)),
    ],
)
def test_a_call_of_plivo_begins(encoding: str, rate_hz: Any, form: LineSound) -> None:
    fields = json.loads(str(STARTS["plivo"]))
    fields["start"]["mediaFormat"] = {"encoding": encoding, "sampleRate": rate_hz}
    given = {"userId": "12345", "sessionId": "abc-xyz"}
    assert PlivoDialect().take(json.dumps(fields)) == [
        CallStarted(CALL, STREAM, form, form, parameters=given)
    ]


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("userId=12345;sessionId=abc-xyz", {"userId": "12345", "sessionId": "abc-xyz"}),
        ("test1=12,test2=123", {"test1": "12", "test2": "123"}),
        ('{"business": "b42", "n": 5}', {"business": "b42", "n": "5"}),
        ({"business": "b42"}, {"business": "b42"}),
        (" a = b=c ; ; d ", {"a": "b=c"}),
        ("", {}),
        (None, {}),
        ("{", {}),
        ("{}", {}),
        ([1], {}),
    ],
)
def test_extra_headers_are_read_in_every_form_in_which_they_come(
    text: object, given: dict[str, str]
) -> None:
    assert extra_headers(text) == given


def test_plivo_is_told_in_its_own_words() -> None:
    dialect = line_up("plivo")
    form = {"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": "/38A"}
    assert said(dialect.sound(b"\xff\x7f\x00")) == [{"event": "playAudio", "media": form}]
    assert said(dialect.mark("m1")) == [{"event": "checkpoint", "streamId": STREAM, "name": "m1"}]
    assert said(dialect.clear()) == [{"event": "clearAudio", "streamId": STREAM}]
    assert said(dialect.press("12#")) == [{"event": "sendDTMF", "dtmf": "12#"}]
    assert dialect.press("") == []


def test_linear_sound_of_plivo_is_little_endian() -> None:
    fields = json.loads(str(STARTS["plivo"]))
    fields["start"]["mediaFormat"] = {"encoding": "audio/x-l16", "sampleRate": 16000}
    dialect = PlivoDialect()
    dialect.take(json.dumps(fields))
    assert dialect.sound(b"\x01") == [], "half a sample waits"
    (told,) = said(dialect.sound(b"\x02"))
    assert told["media"]["contentType"] == "audio/x-l16"
    assert base64.b64decode(told["media"]["payload"]) == b"\x01\x02"
