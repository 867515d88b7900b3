"""The quick way of a frame gives what validation gives, or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.frames import AnswerAudio, Audio, Health, Image, Status
from pipeline.frames.plain import construct, shape_of
from pipeline.frames.wire import encode

GOOD: dict[str, Any] = {
    "session": "local",
    "origin_ns": 1,
    "seq": 2,
    "boot": 3,
    "sent_ns": 4,
    "position": 320,
    "rate_hz": 16_000,
    "pcm": b"ab",
    "final": False,
}
VALUES = st.sampled_from([0, -1, 1, True, 1.0, 2.5, "1", "x", b"ab", b"abc", None, [], {}])


@pytest.mark.parametrize("frame_type", [Audio, AnswerAudio, Image])
def test_sound_and_pictures_go_the_quick_way(frame_type: type[Audio]) -> None:
    assert shape_of(frame_type) is not None


@pytest.mark.parametrize("frame_type", [Health, Status])
def test_frames_with_more_in_them_do_not(frame_type: type[Health]) -> None:
    assert shape_of(frame_type) is None


def test_the_frame_is_the_one_that_validation_gives() -> None:
    quick = construct(Audio, dict(GOOD))
    assert quick == Audio.model_validate(GOOD)
    assert quick is not None
    assert quick.samples == 1
    assert quick.model_dump() == Audio.model_validate(GOOD).model_dump()
    assert quick.model_copy(update={"seq": 9}).seq == 9
    with pytest.raises(ValidationError):
        quick.position = 5  # type: ignore[misc]


def test_a_block_is_the_frame_that_validation_gives() -> None:
    quick = Audio.block("local", 1, 320, b"ab", final=True)
    slow = Audio(session="local", origin_ns=1, position=320, pcm=b"ab", final=True)
    assert quick == slow
    assert quick.model_dump() == slow.model_dump()
    assert encode(quick, seq=1, boot=2, sent_ns=3) == encode(slow, seq=1, boot=2, sent_ns=3)


@given(st.dictionaries(st.sampled_from([*GOOD, "more"]), VALUES), st.sets(st.sampled_from([*GOOD])))
def test_nothing_passes_that_validation_refuses_or_would_change(
    changes: dict[str, Any], missing: set[str]
) -> None:
    fields = {k: v for k, v in {**GOOD, **changes}.items() if k not in missing}
    quick = construct(Audio, dict(fields))
    if quick is not None:
        assert quick == Audio.model_validate(fields)
        assert quick.model_dump() == fields
        assert all(type(v) is type(fields[k]) for k, v in quick.model_dump().items())
