"""Spelling, base64 and pictures, without a network."""

import base64
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.backends.gemini.wire import cut_reason, decode_base64, mime_type_and_rate, normalise
from actors.lib.picture_size import jpeg_size


def test_protocol_keys_become_camel_case_and_payloads_stay() -> None:
    message = {
        "tool_response": {
            "function_responses": [{"id": "1", "response": {"battery_level": {"in_percent": 3}}}]
        },
        "setup": {"tools": [{"function_declarations": [{"parameters": {"distance_m": 1}}]}]},
    }
    assert normalise(message) == {
        "toolResponse": {
            "functionResponses": [{"id": "1", "response": {"battery_level": {"in_percent": 3}}}]
        },
        "setup": {"tools": [{"functionDeclarations": [{"parameters": {"distance_m": 1}}]}]},
    }


@given(st.binary())
def test_both_base64_alphabets_are_read_with_and_without_padding(data: bytes) -> None:
    for encoded in (base64.b64encode(data), base64.urlsafe_b64encode(data)):
        assert decode_base64(encoded.decode()) == data
        assert decode_base64(encoded.decode().rstrip("=")) == data


@pytest.mark.parametrize("text", ["a", "####", "YQ==YQ=="])
def test_other_text_is_no_base64(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode_base64(text)


@given(st.text(max_size=200))
def test_reason_fits_a_close_frame_and_is_a_beginning(reason: str) -> None:
    cut = cut_reason(reason)
    assert len(cut.encode()) <= 123
    assert reason.startswith(cut)
    assert cut == reason or len(cut.encode()) > 119


@pytest.mark.parametrize(
    ("mime_type", "expected"),
    [
        ("audio/pcm;rate=16000", ("audio/pcm", 16000)),
        ("Audio/PCM; rate=24000", ("audio/pcm", 24000)),
        ("audio/L16;codec=pcm;rate=24000", ("audio/l16", 24000)),
        ("audio/pcm", ("audio/pcm", None)),
        ("audio/pcm;rate=fast", ("audio/pcm", None)),
        ("audio/pcm;rate=\u00b2", ("audio/pcm", None)),
        (f"audio/pcm;rate={'9' * 5000}", ("audio/pcm", None)),
    ],
)
def test_rate_is_read_from_the_mime_type(mime_type: str, expected: tuple[str, int | None]) -> None:
    assert mime_type_and_rate(mime_type) == expected


@given(width=st.integers(1, 65535), height=st.integers(1, 65535), comment=st.binary(max_size=99))
def test_size_of_a_picture_is_read_past_other_segments(
    width: int, height: int, comment: bytes
) -> None:
    segment = b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment
    frame = b"\xff\xc0\x00\x0b\x08" + struct.pack(">HH", height, width) + b"\x01\x01\x11\x00"
    assert jpeg_size(b"\xff\xd8" + segment + frame) == (width, height)


@given(st.binary(max_size=300))
def test_anything_else_is_no_picture(data: bytes) -> None:
    with pytest.raises(ValueError, match="no JPEG"):
        jpeg_size(b"\xff\xd8" + data.replace(b"\xff", b"\xfe"))
