"""The bytes of a frame, exactly."""

from __future__ import annotations

import re
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UnsendableError, WireError
from pipeline.frames import (
    FRAME_TYPES,
    ActorState,
    ActorStatus,
    Audio,
    Health,
    SpeechStarted,
    Status,
    ToolCall,
)
from pipeline.frames.values import MAX_DEPTH, problem_of
from pipeline.frames.wire import MAX_FRAME_BYTES, decode, encode


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def test_an_audio_frame_is_this_map_byte_for_byte() -> None:
    frame = Audio(session="local", position=320, pcm=b"\x01\x02", origin_ns=7)
    payload = encode(frame, seq=3, boot=5, sent_ns=9)
    assert msgpack.unpackb(payload) == {
        "v": 1,
        "type": "audio",
        "session": "local",
        "origin_ns": 7,
        "seq": 3,
        "boot": 5,
        "sent_ns": 9,
        "position": 320,
        "rate_hz": 16000,
        "pcm": b"\x01\x02",
        "final": False,
    }
    assert payload.hex() == (
        "8ba17601a474797065a5617564696fa773657373696f6ea56c6f63616ca96f726967696e5f6e7307"
        "a373657103a4626f6f7405a773656e745f6e7309a8706f736974696f6ecd0140a7726174655f687a"
        "cd3e80a370636dc4020102a566696e616cc2"
    )


def test_a_frame_without_capture_time_was_captured_when_it_is_sent() -> None:
    started = SpeechStarted(session="local", turn="local:0", position=0, at_ns=1)
    assert decode(encode(started, seq=0, boot=1, sent_ns=99)).origin_ns == 99


def test_frames_within_frames_come_back_as_they_were() -> None:
    health = Health(actor="vad", pid=1, state=ActorState.READY, checkpoint={"a": [1, {"b": b"c"}]})
    status = Status(
        session="local",
        pipeline="p",
        version="1",
        uptime_s=1.5,
        ready=True,
        actors=[ActorStatus(actor="vad", phase="running", pid=1, health=health)],
    )
    back = decode(encode(status, seq=0, boot=1, sent_ns=2))
    assert isinstance(back, Status)
    assert back.actors == status.actors


@given(
    st.dictionaries(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text() | st.binary(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ),
    )
)
def test_arguments_of_a_tool_call_survive_whatever_they_are(args: dict[str, object]) -> None:
    call = ToolCall(session="local", turn="local:0", call_id="1", name="f", args=args)
    back = decode(encode(call, seq=0, boot=1, sent_ns=2))
    assert isinstance(back, ToolCall)
    assert back.args == args


@pytest.mark.parametrize("text", ["\ud800", "a\udfff", "\udcff.wav"])
def test_half_a_surrogate_pair_is_sent_as_the_sign_for_what_is_no_letter(text: str) -> None:
    call = ToolCall(session="local", turn=text, call_id="1", name="f", args={text: [text]})
    back = decode(encode(call, seq=0, boot=1, sent_ns=2))
    assert isinstance(back, ToolCall)
    whole = "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in text)
    assert (back.turn, back.args) == (whole, {whole: [whole]})
    health = Health(session="local", actor=text, pid=1, state=ActorState.READY)
    status = Status(
        session="local",
        pipeline="p",
        version="1",
        uptime_s=1,
        ready=True,
        actors=[ActorStatus(actor="v", phase=text, pid=1, health=health)],
    )
    decode(encode(status, seq=0, boot=1, sent_ns=2))


@pytest.mark.parametrize(
    "value", [2**64, -(2**63) - 1, 10**4000, nested(2000), "x" * MAX_FRAME_BYTES]
)
def test_what_no_frame_can_carry_is_refused_where_it_is_sent(value: object) -> None:
    call = ToolCall(session="local", turn="local:0", call_id="1", name="f", args={"x": value})
    with pytest.raises(UnsendableError, match="tool_call cannot be sent: "):
        encode(call, seq=0, boot=1, sent_ns=2)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"a": [1, {"b": 2**64}]}, r"a\[1\]\.b is an integer of more than 64 bits"),
        (float("inf"), "it is inf, no finite number"),
        ({"a": {1: 2}}, "a has a key that is no text but a int"),
        (nested(MAX_DEPTH + 1), f"nest deeper than {MAX_DEPTH}"),
        ({"a": b"x"}, "a is no JSON value but a bytes"),
        (nested(MAX_DEPTH - 1), "^$"),
        ({"a": [2**64 - 1, -(2**63), 1e308, None, True, "\ud800"]}, "^$"),
    ],
)
def test_a_problem_of_a_value_names_its_place(value: object, problem: str) -> None:
    assert re.search(problem, problem_of(value))


BEYOND = [
    ("audio", {"position": 2**62, "pcm": b""}, "position"),
    ("audio", {"position": 0, "rate_hz": 10**9, "pcm": b""}, "rate_hz"),
    ("audio", {"position": 0, "rate_hz": 1, "pcm": b""}, "rate_hz"),
    ("image", {"jpeg": b"", "width": 10**6, "height": 1}, "width"),
    ("user_text", {"turn": "t", "text": "x" * 400_001}, "text"),
    ("user_text", {"turn": "t", "text": msgpack.ExtType(5, b"x")}, "extension of type 5"),
    ("user_text", {"turn": "t", "text": msgpack.Timestamp(5)}, "text"),
]


@pytest.mark.parametrize(("name", "fields", "problem"), BEYOND)
def test_sizes_that_nothing_has_are_refused(
    name: str, fields: dict[str, object], problem: str
) -> None:
    with pytest.raises(WireError, match=problem):
        decode(msgpack.packb({"v": 1, "type": name, "session": "a", **fields}))


@given(st.binary())
def test_random_bytes_are_refused_and_never_crash_f22(payload: bytes) -> None:
    with pytest.raises(WireError):
        decode(payload)


@given(
    st.sampled_from(sorted(FRAME_TYPES)),
    st.dictionaries(st.text(), st.integers(0, 2**63) | st.text() | st.binary()),
)
def test_a_known_type_with_random_fields_is_refused_f22(
    name: str, fields: dict[str, object]
) -> None:
    with pytest.raises(WireError):
        decode(msgpack.packb({**fields, "v": 1, "type": name, "not a field": 1}))
