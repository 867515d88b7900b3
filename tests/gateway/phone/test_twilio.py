"""Twilio's words and SignalWire's: a table of messages, as their documentation has them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from actors.gateway.phone.dialect import (
    CallStarted,
    Encoding,
    HangUp,
    KeyPressed,
    LineEnded,
    LineEvent,
    LineProblem,
    LineSound,
    MarkReached,
    SoundHeard,
)
from actors.gateway.phone.dialects.signalwire import SignalwireDialect
from actors.gateway.phone.dialects.twilio import TwilioDialect

MULAW_8K = LineSound(Encoding.MULAW, 8000)
STREAM = "MZXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
CALL = "CAXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"


def start(encoding: str = "audio/x-mulaw", rate_hz: Any = 8000, **parameters: str) -> str:
    """Return the message with which a line comes up."""
    return json.dumps(
        {
            "event": "start",
            "sequenceNumber": "1",
            "start": {
                "accountSid": "ACXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
                "streamSid": STREAM,
                "callSid": CALL,
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": encoding, "sampleRate": rate_hz, "channels": 1},
                "customParameters": parameters,
            },
            "streamSid": STREAM,
        }
    )


def message(event: str, **fields: Any) -> str:
    return json.dumps({"event": event, "sequenceNumber": "4", event: fields, "streamSid": STREAM})


UNDERSTOOD: list[tuple[str, str | bytes, list[LineEvent]]] = [
    ("connected", '{"event":"connected","protocol":"Call","version":"1.0.0"}', []),
    (
        "start",
        start(business_id="b42", FirstName="Jane"),
        [
            CallStarted(
                CALL,
                STREAM,
                MULAW_8K,
                MULAW_8K,
                parameters={"business_id": "b42", "FirstName": "Jane"},
            )
        ],
    ),
    (
        "media",
        message("media", track="inbound", chunk="2", timestamp="5", payload="/38A"),
        [SoundHeard(b"\xff\x7f\x00", 2)],
    ),
    (
        "media without a number",
        message("media", track="inbound", payload="/38A"),
        [SoundHeard(b"\xff\x7f\x00")],
    ),
    (
        "media of ours",
        message("media", track="outbound", chunk="2", timestamp="5", payload="/38A"),
        [],
    ),
    ("dtmf", message("dtmf", track="inbound_track", digit="1"), [KeyPressed("1")]),
    ("dtmf hash", message("dtmf", track="inbound_track", digit="#"), [KeyPressed("#")]),
    ("mark", message("mark", name="my label"), [MarkReached("my label")]),
    (
        "stop",
        message("stop", accountSid="ACX", callSid=CALL),
        [LineEnded("the provider says that the call is over")],
    ),
    ("what is new", message("weather", sky="blue"), []),
    ("no JSON", "{", [LineProblem("this is no JSON: {")]),
    ("a list", "[1]", [LineProblem("this is no object in JSON: [1]")]),
    (
        "bytes",
        b"\x00\x01",
        [LineProblem("2 bytes came where text in JSON was expected")],
    ),
    (
        "no base64",
        message("media", track="inbound", payload="!!!"),
        [LineProblem("the payload of a media message is no base64")],
    ),
    (
        "no payload",
        message("media", track="inbound"),
        [LineProblem("a media message has no payload")],
    ),
    (
        "no such key",
        message("dtmf", digit="12"),
        [LineProblem("there is no key '12' on a telephone")],
    ),
    (
        "no call",
        '{"event":"start","start":{"streamSid":"MZ1"}}',
        [LineProblem("the start message has no streamSid, or no callSid")],
    ),
    (
        "another form",
        start("audio/opus", 48000),
        [
            LineProblem(
                "sound of the form 'audio/opus' at 48000 Hz is not understood: choose one of "
                "audio/x-mulaw, audio/x-l16, 8000 to 192000 Hz"
            )
        ],
    ),
]


@pytest.mark.parametrize(
    ("sent", "events"), [row[1:] for row in UNDERSTOOD], ids=[row[0] for row in UNDERSTOOD]
)
def test_what_is_sent_is_understood(sent: str | bytes, events: list[LineEvent]) -> None:
    for dialect in (TwilioDialect(), SignalwireDialect()):
        if '"start"' not in str(sent):
            dialect.take(start())
        assert dialect.take(sent) == events


@pytest.mark.parametrize(
    ("codec", "rate_hz", "form"),
    [
        ("audio/x-mulaw", "8000", MULAW_8K),
        ("audio/x-L16", 16000, LineSound(Encoding.PCM16, 16_000)),
        ("audio/x-L16", "24000", LineSound(Encoding.PCM16, 24_000)),
    ],
)
def test_sound_of_signalwire_has_the_form_that_was_asked_for(
    codec: str, rate_hz: Any, form: LineSound
) -> None:
    (started,) = SignalwireDialect().take(start(codec, rate_hz))
    assert isinstance(started, CallStarted)
    assert (started.sound_in, started.sound_out) == (form, form)


def test_a_line_is_started_once() -> None:
    dialect = TwilioDialect()
    dialect.take(start(business_id="b42"))
    again = dialect.take(start(business_id="b43"))
    assert again == [LineProblem("this line was started before")]


def test_it_is_told_in_its_own_words() -> None:
    dialect = TwilioDialect()
    dialect.take(start())
    said = [
        json.loads(each)
        for messages in (
            dialect.sound(b"\xff\x7f\x00"),
            dialect.mark("m1"),
            dialect.clear(),
            dialect.press("1"),
            dialect.hang_up(),
        )
        for each in messages
    ]
    assert said == [
        {"event": "media", "streamSid": STREAM, "media": {"payload": "/38A"}},
        {"event": "mark", "streamSid": STREAM, "mark": {"name": "m1"}},
        {"event": "clear", "streamSid": STREAM},
    ]


def test_signalwire_presses_keys() -> None:
    dialect = SignalwireDialect()
    dialect.take(start())
    assert [json.loads(each) for each in dialect.press("1#")] == [
        {"event": "dtmf", "streamSid": STREAM, "dtmf": {"digit": "1"}},
        {"event": "dtmf", "streamSid": STREAM, "dtmf": {"digit": "#"}},
    ]
    assert SignalwireDialect.traits.keys_out
    assert SignalwireDialect.traits.hang_up is HangUp.CLOSE
