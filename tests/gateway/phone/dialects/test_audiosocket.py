"""Words of AudioSocket: a table of messages, byte by byte, and what TCP does to them."""

from __future__ import annotations

import uuid

import pytest
from dialect_rows import Row, ids, pairs
from hypothesis import given
from hypothesis import strategies as st
from phone_lines import CALL_UUID, SOUND, STARTS, line_up, tlv

from actors.gateway.phone.dialect import (
    CallStarted,
    Encoding,
    KeyPressed,
    LineEnded,
    LineEvent,
    LineProblem,
    LineSound,
    SoundHeard,
)
from actors.gateway.phone.dialects.audiosocket import SOUND_HZ, AudioSocketDialect
from actors.gateway.phone.dialects.audiosocket_splitter import AudioSocketSplitter

UNDERSTOOD: list[Row] = [
    ("sound", b"\x10\x01\x40" + SOUND, [SoundHeard(SOUND)]),
    ("no sound", b"\x10\x00\x00", []),
    ("key", b"\x03\x00\x01#", [KeyPressed("#")]),
    ("end", b"\x00\x00\x00", [LineEnded("the person hung up")]),
    ("hung up", b"\xff\x00\x01\x01", [LineEnded("the person hung up")]),
    ("frame", b"\xff\x00\x01\x02", [LineProblem("Asterisk reports: a frame could not be sent")]),
    ("memory", b"\xff\x00\x01\x04", [LineProblem("Asterisk reports: it is out of memory")]),
    ("some error", b"\xff\x00\x01\x09", [LineProblem("Asterisk reports: error 9")]),
    ("error without a number", b"\xff\x00\x00", [LineProblem("Asterisk reports: error 0")]),
    ("what is new", b"\x55\x00\x01x", []),
    ("no key", b"\x03\x00\x00", [LineProblem("there is no key '' on a telephone")]),
    (
        "another rate",
        b"\x12\x00\x02ab",
        [
            LineProblem(
                "sound at 16000 Hz came on a line of 8000: use the same format for the whole call"
            )
        ],
    ),
    ("a second start", STARTS["audiosocket"], [LineProblem("this line was started before")]),
    ("cut", b"\x10\x00", [LineProblem("this is no message of AudioSocket")]),
    ("text", "hello", [LineProblem("this is no message of AudioSocket")]),
    ("too short", b"\x10\x00\x05abc", [LineProblem("3 bytes came in a message of 5")]),
]


@pytest.mark.parametrize(("message", "events"), pairs(UNDERSTOOD), ids=ids(UNDERSTOOD))
def test_audiosocket_is_understood(message: str | bytes, events: list[LineEvent]) -> None:
    assert line_up("audiosocket").take(message) == events


@pytest.mark.parametrize(("kind", "rate_hz"), sorted(SOUND_HZ.items()))
def test_the_first_sound_says_the_rate_and_begins_the_call(kind: int, rate_hz: int) -> None:
    dialect = AudioSocketDialect()
    assert dialect.take(STARTS["audiosocket"]) == []
    sound = LineSound(Encoding.PCM16, rate_hz)
    assert dialect.take(tlv(kind, b"ab")) == [
        CallStarted(CALL_UUID, "", sound, sound),
        SoundHeard(b"ab"),
    ]
    frame = sound.bytes_of(20)
    assert dialect.sound(bytes(frame)) == [tlv(kind, bytes(frame))]


def test_where_the_far_end_is_silent_the_rate_may_be_said_before() -> None:
    (started,) = AudioSocketDialect({"rate": "8000"}).take(STARTS["audiosocket"])
    sound = LineSound(Encoding.PCM16, 8000)
    assert started == CallStarted(CALL_UUID, "", sound, sound)


def test_the_name_of_a_call_has_16_bytes() -> None:
    assert AudioSocketDialect().take(tlv(0x01, b"short")) == [
        LineProblem("the name of the call has 5 bytes and not 16")
    ]


def test_sound_goes_out_in_frames_of_20_ms() -> None:
    dialect = line_up("audiosocket")
    assert dialect.sound(b"\x07" * 319) == []
    assert dialect.sound(b"\x07" * 2) == [b"\x10\x01\x40" + b"\x07" * 320]
    assert dialect.finish() == [b"\x10\x01\x40\x07" + bytes(319)]
    assert dialect.hang_up() == [b"\x00\x00\x00"]


@given(st.data())
def test_messages_are_whole_however_tcp_cuts_them(data: st.DataObject) -> None:
    kinds = st.tuples(st.integers(0, 255), st.binary(max_size=700))
    messages = [tlv(*each) for each in data.draw(st.lists(kinds, max_size=8))]
    stream = b"".join(messages)
    splitter, cut, at = AudioSocketSplitter(), [], 0
    while at < len(stream):
        size = data.draw(st.integers(1, 400))
        cut += splitter.feed(stream[at : at + size])
        at += size
    assert cut == messages
    assert splitter.feed(b"") == []


def test_a_call_in_one_piece_of_tcp() -> None:
    stream = tlv(0x01, uuid.UUID(CALL_UUID).bytes) + tlv(0x10, SOUND) + tlv(0x00) + b"\x10"
    dialect = AudioSocketDialect()
    events = [event for each in AudioSocketSplitter().feed(stream) for event in dialect.take(each)]
    assert [type(event) for event in events] == [CallStarted, SoundHeard, LineEnded]
