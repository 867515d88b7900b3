"""Words of Asterisk's chan_websocket, in JSON and in plain text: tables, as its source has them."""

from __future__ import annotations

import json

import pytest
from dialect_rows import Row, ids, pairs, said
from phone_lines import SOUND, STARTS, line_up

from actors.gateway.phone.dialect import (
    AfterClear,
    CallStarted,
    Encoding,
    FlowChanged,
    KeyPressed,
    LineEvent,
    LineProblem,
    LineSound,
    MarkReached,
    PhoneDialect,
    SoundHeard,
)
from actors.gateway.phone.dialects.asterisk import AsteriskDialect

CHANNEL = "1754477420.3"
PLAIN_START = (
    "MEDIA_START connection_id:gw channel:WebSocket/gw/0x7f3c channel_id:1754477420.3 "
    "format:ulaw optimal_frame_size:160 ptime:20"
)
JSON_ROWS: list[Row] = [
    ("dtmf", {"event": "DTMF_END", "channel_id": CHANNEL, "digit": "#"}, [KeyPressed("#")]),
    (
        "mark",
        {"event": "MEDIA_MARK_PROCESSED", "channel_id": CHANNEL, "correlation_id": "m1"},
        [MarkReached("m1")],
    ),
    ("xoff", {"event": "MEDIA_XOFF", "channel_id": CHANNEL}, [FlowChanged(paused=True)]),
    ("xon", {"event": "MEDIA_XON", "channel_id": CHANNEL}, [FlowChanged(paused=False)]),
    ("drained", {"event": "QUEUE_DRAINED", "channel_id": CHANNEL}, []),
    ("status", {"event": "STATUS", "channel_id": CHANNEL, "queue_length": 43}, []),
    (
        "error",
        {"event": "ERROR", "channel_id": CHANNEL, "error_text": "Unable to parse JSON command"},
        [LineProblem("Asterisk reports: Unable to parse JSON command")],
    ),
    ("sound", SOUND, [SoundHeard(SOUND)]),
    (
        "a second start",
        STARTS["asterisk"],
        [LineProblem("this line was started before")],
    ),
]
PLAIN_ROWS: list[Row] = [
    ("dtmf", f"DTMF_END digit:# channel_id:{CHANNEL}", [KeyPressed("#")]),
    ("mark", "MEDIA_MARK_PROCESSED m1", [MarkReached("m1")]),
    ("xoff", "MEDIA_XOFF", [FlowChanged(paused=True)]),
    ("xon", "MEDIA_XON", [FlowChanged(paused=False)]),
    ("bulk", "MEDIA_BUFFERING_COMPLETED b1", []),
    ("status", f"STATUS channel_id:{CHANNEL} queue_length:43 xon_level:800 queue_full:false", []),
    (
        "error",
        f"ERROR channel_id:{CHANNEL} error_text:MARK_MEDIA not supported in passthrough mode",
        [LineProblem("Asterisk reports: MARK_MEDIA not supported in passthrough mode")],
    ),
    ("a second start", PLAIN_START, [LineProblem("this line was started before")]),
    ("nothing", "", []),
]


def plain() -> PhoneDialect:
    dialect = AsteriskDialect()
    dialect.take(PLAIN_START)
    return dialect


@pytest.mark.parametrize(("message", "events"), pairs(JSON_ROWS), ids=ids(JSON_ROWS))
def test_asterisk_is_understood_in_json(message: str | bytes, events: list[LineEvent]) -> None:
    assert line_up("asterisk").take(message) == events


@pytest.mark.parametrize(("message", "events"), pairs(PLAIN_ROWS), ids=ids(PLAIN_ROWS))
def test_asterisk_is_understood_in_plain_text(message: str, events: list[LineEvent]) -> None:
    assert plain().take(message) == events


def test_a_call_of_asterisk_begins_with_the_variables_of_its_channel() -> None:
    sound = LineSound(Encoding.MULAW, 8000)
    assert AsteriskDialect().take(STARTS["asterisk"]) == [
        CallStarted(
            CHANNEL,
            "gw",
            sound,
            sound,
            direction="inbound",
            parameters={"BUSINESS": "b42", "direction": "inbound"},
        )
    ]
    assert AsteriskDialect().take(PLAIN_START) == [CallStarted(CHANNEL, "gw", sound, sound)]


def test_a_call_has_the_name_of_its_channel_where_there_is_no_id() -> None:
    message = "MEDIA_START connection_id:gw channel:WebSocket/gw/0x7f3c format:ulaw"
    (started,) = AsteriskDialect().take(message)
    assert isinstance(started, CallStarted)
    assert started.call_id == "WebSocket/gw/0x7f3c"
    assert AsteriskDialect().take("MEDIA_START connection_id:gw format:ulaw") == [
        LineProblem("the message MEDIA_START has no channel_id")
    ]


def test_the_query_is_not_trusted_for_it_may_be_that_of_the_call_before() -> None:
    (started,) = AsteriskDialect({"BUSINESS": "another"}).take(STARTS["asterisk"])
    assert isinstance(started, CallStarted)
    assert started.parameters["BUSINESS"] == "b42"
    (started,) = AsteriskDialect({"BUSINESS": "another"}).take(PLAIN_START)
    assert isinstance(started, CallStarted)
    assert started.parameters == {}


@pytest.mark.parametrize(
    ("form", "encoding", "rate_hz", "frame"),
    [
        ("ulaw", Encoding.MULAW, 8000, 160),
        ("alaw", Encoding.ALAW, 8000, 160),
        ("slin", Encoding.PCM16, 8000, 320),
        ("slin16", Encoding.PCM16, 16_000, 640),
        ("slin24", Encoding.PCM16, 24_000, 960),
        ("slin44", Encoding.PCM16, 44_100, 1764),
        ("slin192", Encoding.PCM16, 192_000, 7680),
    ],
)
def test_sound_goes_out_in_whole_frames(
    form: str, encoding: Encoding, rate_hz: int, frame: int
) -> None:
    fields = json.loads(str(STARTS["asterisk"]))
    fields |= {"format": form, "optimal_frame_size": frame}
    dialect = AsteriskDialect()
    (started,) = dialect.take(json.dumps(fields))
    assert isinstance(started, CallStarted)
    assert started.sound_out == LineSound(encoding, rate_hz)
    assert dialect.sound(b"\x07" * (frame - 1)) == []
    assert dialect.sound(b"\x07" * (frame + 3)) == [b"\x07" * 2 * frame]
    (last,) = dialect.finish()
    assert len(last) == frame


@pytest.mark.parametrize("form", ["opus", "g722", "", "SLIN"])
def test_a_format_that_is_not_taken_is_told(form: str) -> None:
    fields = json.loads(str(STARTS["asterisk"])) | {"format": form}
    (problem,) = AsteriskDialect().take(json.dumps(fields))
    assert isinstance(problem, LineProblem)
    assert "use ulaw or slin16" in problem.text


def test_a_message_of_more_than_65500_bytes_would_end_the_call() -> None:
    sizes = [len(message) for message in line_up("asterisk").sound(bytes(200_000))]
    assert max(sizes) <= 65_500
    assert all(size % 160 == 0 for size in sizes)
    assert sum(sizes) == 200_000


def test_asterisk_is_told_in_the_format_that_it_speaks() -> None:
    dialect = line_up("asterisk")
    assert said(dialect.mark("m1")) == [{"command": "MARK_MEDIA", "correlation_id": "m1"}]
    assert said(dialect.clear()) == [{"command": "FLUSH_MEDIA"}]
    assert said(dialect.hang_up()) == [{"command": "HANGUP"}]
    dialect = plain()
    assert dialect.mark("m1") == ["MARK_MEDIA m1"]
    assert dialect.clear() == ["FLUSH_MEDIA"]
    assert dialect.hang_up() == ["HANGUP"]


def test_a_mark_that_asterisk_would_not_read_is_not_asked_for() -> None:
    assert len(line_up("asterisk").mark("m" * 80)) == 1
    assert line_up("asterisk").mark("m" * 90) == []


def test_marks_that_were_flushed_are_not_waited_for() -> None:
    assert AsteriskDialect.traits.after_clear is AfterClear.DROPPED


def test_sound_from_before_the_start_is_heard_behind_it() -> None:
    dialect = AsteriskDialect()
    assert dialect.take(b"\x01") == []
    assert dialect.take(b"\x02") == []
    started, first, second = dialect.take(STARTS["asterisk"])
    assert isinstance(started, CallStarted)
    assert (first, second) == (SoundHeard(b"\x01"), SoundHeard(b"\x02"))


def test_of_much_sound_from_before_the_start_the_last_second_is_kept() -> None:
    dialect = AsteriskDialect()
    for number in range(200):
        dialect.take(bytes([number]))
    _, *sounds = dialect.take(PLAIN_START)
    assert sounds == [SoundHeard(bytes([number])) for number in range(150, 200)]
