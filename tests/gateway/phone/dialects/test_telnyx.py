"""Telnyx' words: a table of messages, as its reference has them."""

from __future__ import annotations

import base64
import json
from typing import Any
from xml.etree import ElementTree

import pytest
from dialect_rows import Row, ids, pairs, said, sent, understood
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
from actors.gateway.phone.dialects.telnyx import TelnyxDialect
from actors.gateway.phone.dialects.telnyx_parameters import telnyx_parameters
from actors.gateway.phone.doors.account_options import TelnyxAccount
from actors.gateway.phone.doors.call_program import StreamOffer
from actors.gateway.phone.doors.providers.telnyx import TelnyxProvider

PCMU = LineSound(Encoding.MULAW, 8000)
STREAM = "32DE0DEA-53CB-4B21-89A4-9E1819C043BC"
MEDIA: dict[str, Any] = {
    "event": "media",
    "sequence_number": "4",
    "stream_id": STREAM,
    "media": {"track": "inbound", "chunk": "2", "timestamp": "5", "payload": "/38A"},
}
UNDERSTOOD: list[Row] = [
    ("connected", {"event": "connected", "version": "1.0.0"}, []),
    ("media", MEDIA, [SoundHeard(b"\xff\x7f\x00", 2)]),
    ("ours", {**MEDIA, "media": {**MEDIA["media"], "track": "outbound"}}, []),
    (
        "dtmf",
        {
            "event": "dtmf",
            "stream_id": STREAM,
            "occurred_at": "2026-08-21T15:22:38.041Z",
            "sequence_number": "5",
            "dtmf": {"digit": "1"},
        },
        [KeyPressed("1")],
    ),
    ("mark", {"event": "mark", "stream_id": STREAM, "mark": {"name": "m1"}}, [MarkReached("m1")]),
    (
        "error",
        {
            "event": "error",
            "stream_id": STREAM,
            "payload": {"code": 100003, "title": "malformed_frame", "detail": "no"},
        },
        [
            LineProblem(
                'Telnyx reports: {"code":100003,"title":"malformed_frame","detail":"no"}',
            )
        ],
    ),
    (
        "stop",
        {"event": "stop", "stream_id": STREAM, "stop": {"reason": "hangup"}},
        [LineEnded("the provider says that the call is over")],
    ),
    ("what is new", {"event": "weather"}, []),
    (
        "no base64",
        {**MEDIA, "media": {"payload": "!"}},
        [LineProblem("the payload of a media message is no base64")],
    ),
    ("no JSON", "{", [LineProblem("this is no JSON: {")]),
]


def start(encoding: str, rate_hz: int, **given: str) -> str:
    fields = json.loads(str(STARTS["telnyx"]))
    fields["start"]["media_format"] = {"encoding": encoding, "sample_rate": rate_hz, "channels": 1}
    fields["start"]["custom_parameters"] = given
    return json.dumps(fields)


@pytest.mark.parametrize(("message", "events"), pairs(UNDERSTOOD), ids=ids(UNDERSTOOD))
def test_telnyx_is_understood(message: str | bytes, events: list[LineEvent]) -> None:
    assert understood("telnyx", message) == events


def test_a_call_of_telnyx_begins() -> None:
    assert TelnyxDialect().take(STARTS["telnyx"]) == [
        CallStarted(
            "v2:T02llQxIyaRkhfRKxgAP8nY511EhFLizdvdUKJiSw8d6A9BborherQ",
            STREAM,
            PCMU,
            PCMU,
            caller="+13122010094",
            called="+13122123456",
            parameters={"client_state": "have a nice day", "customer_id": "customer_123"},
        )
    ]


@pytest.mark.parametrize(
    ("query", "given", "form"),
    [
        ({}, {}, PCMU),
        ({}, {"stream_bidirectional_codec": "PCMA"}, LineSound(Encoding.ALAW, 8000)),
        ({"stream_bidirectional_codec": "PCMA"}, {}, LineSound(Encoding.ALAW, 8000)),
        (
            {},
            {
                "stream_bidirectional_codec": "L16",
                "stream_bidirectional_sampling_rate": "16000",
            },
            LineSound(Encoding.PCM16, 16_000),
        ),
    ],
)
def test_telnyx_is_sent_what_the_stream_was_asked_for(
    query: dict[str, str], given: dict[str, str], form: LineSound
) -> None:
    (started,) = TelnyxDialect(query).take(start("PCMA", 8000, **given))
    assert isinstance(started, CallStarted)
    assert started.sound_in == LineSound(Encoding.ALAW, 8000)
    assert started.sound_out == form
    assert "stream_bidirectional_codec" not in started.parameters


@pytest.mark.parametrize(
    ("state", "custom", "given"),
    [
        ("", {"business": "b42"}, {"business": "b42"}),
        ("", [{"name": "business", "value": "b42"}, 5, {"value": "x"}], {"business": "b42"}),
        ("", "business", {}),
        (
            base64.b64encode(b'{"business": "b41", "direction": "inbound"}').decode(),
            {"business": "b42"},
            {
                "business": "b42",
                "direction": "inbound",
                "client_state": '{"business": "b41", "direction": "inbound"}',
            },
        ),
        ("not base64", None, {"client_state": "not base64"}),
    ],
)
def test_what_the_request_gave_the_call_is_read(
    state: str, custom: Any, given: dict[str, str]
) -> None:
    assert telnyx_parameters({"client_state": state, "custom_parameters": custom}) == given


def test_the_door_tells_the_dialect_what_it_asked_for() -> None:
    account = TelnyxAccount(codec="L16", rate_hz=16_000)
    door = TelnyxProvider(account, lambda _: "")
    offer = StreamOffer("wss://voice.example.org/phone/telnyx/t", {"business": "b42"})
    command = door.answer("v3:c", offer).json_body
    assert command is not None
    fields = json.loads(start("PCMU", 8000))
    for custom in (
        command["custom_parameters"],
        {
            each.get("name"): each.get("value")
            for each in ElementTree.fromstring(door.stream(offer).body).iter("Parameter")
        },
    ):
        fields["start"]["custom_parameters"] = custom
        (started,) = TelnyxDialect().take(json.dumps(fields))
        assert isinstance(started, CallStarted)
        assert started.sound_out == LineSound(Encoding.PCM16, 16_000)
        assert started.parameters["business"] == "b42"


@pytest.mark.parametrize("encoding", ["OPUS", "G722", "AMR-WB", ""])
def test_a_codec_that_is_not_taken_is_told(encoding: str) -> None:
    (problem,) = TelnyxDialect().take(start(encoding, 16_000))
    assert isinstance(problem, LineProblem)
    assert "pcmu, pcma, l16" in problem.text


def test_telnyx_is_told_in_its_own_words() -> None:
    dialect = line_up("telnyx")
    assert said(dialect.sound(b"\x7f" * 159)) == []
    payload = base64.b64encode(b"\x7f" * 160).decode()
    assert said(dialect.sound(b"\x7f")) == [{"event": "media", "media": {"payload": payload}}]
    assert said(dialect.mark("m1")) == [{"event": "mark", "mark": {"name": "m1"}}]
    assert said(dialect.clear()) == [{"event": "clear"}]


def test_linear_sound_of_telnyx_is_little_endian_both_ways() -> None:
    dialect = TelnyxDialect()
    codec = {"stream_bidirectional_codec": "L16", "stream_bidirectional_sampling_rate": "16000"}
    dialect.take(start("L16", 16_000, **codec))
    message = sent({"event": "media", "media": {"payload": base64.b64encode(b"\1\2\3\4").decode()}})
    assert dialect.take(message) == [SoundHeard(b"\1\2\3\4")]
    (told,) = said(dialect.sound(b"\1\2" * 320))
    assert base64.b64decode(told["media"]["payload"]) == b"\1\2" * 320
