"""Sound is compared as it sounds; what a recording lacks is no difference, all else is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from actors.recordings.difference import differences
from pipeline.frames import (
    AnswerAudio,
    Audio,
    Frame,
    Playback,
    PlaybackState,
    UserText,
)

BLOCK = 960
"""Samples in 40 ms of an answer."""
RAMP = bytes(i % 251 + 1 for i in range(20 * BLOCK))


def answer(*cuts: int, turn: str = "a", sound: bytes = RAMP[:800]) -> list[Frame]:
    """The sound, cut at these samples."""
    ends = [*cuts, len(sound) // 2]
    return [
        AnswerAudio(turn=turn, epoch=1, backend="live", position=at, pcm=sound[2 * at : 2 * end])
        for at, end in zip([0, *cuts], ends, strict=True)
    ]


def stream(sound: bytes, position: int = 0) -> list[Frame]:
    """Sound as a speaker gives it."""
    cut = range(0, len(sound), 2 * BLOCK)
    return [
        Audio(position=position + at // 2, rate_hz=24_000, pcm=sound[at : at + 2 * BLOCK])
        for at in cut
    ]


def stopped(samples: int, state: PlaybackState = PlaybackState.INTERRUPTED) -> Frame:
    return Playback(
        turn="a", epoch=1, backend="live", state=state, played_samples=samples, at_ns=samples
    )


def lines(*numbers: int, **fields: Any) -> list[Frame]:
    return [UserText(turn=f"t{n}", text="x", seq=n, **fields) for n in numbers]


def differing(then: Sequence[Frame], now: Sequence[Frame], *, placed: bool = True) -> int:
    return len(differences({"out": then}, {"out": now}, placed=placed))


def test_into_how_many_frames_an_answer_was_cut_is_no_difference() -> None:
    assert differing(answer(100, 200), answer(37)) == 0
    mixed = [*answer(100)[:1], *answer(turn="b"), *answer(100)[1:]]
    assert differing(mixed, [*answer(), *answer(turn="b")]) == 0


@pytest.mark.parametrize(
    "now",
    [
        answer(sound=RAMP[:798]),
        answer(sound=RAMP[2:802]),
        answer(turn="b"),
        [*answer(100)[:1], *answer(150)[1:]],
    ],
)
def test_another_sound_is_one(now: list[Frame]) -> None:
    assert differing(answer(), now) > 0


def test_where_a_sound_lies_counts_if_the_actor_was_told() -> None:
    then, now = stream(RAMP), stream(RAMP, 320)
    assert differing(then, now, placed=True) == 2
    assert differing(then, now, placed=False) == 0


def test_silence_between_sounds_is_time_and_sounds_are_not() -> None:
    pause = bytes(4 * BLOCK)
    then = stream(pause + RAMP + pause + RAMP[::-1])
    assert differing(then, stream(RAMP + 3 * pause + RAMP[::-1] + pause), placed=False) == 0
    assert differing(then, stream(RAMP + pause), placed=False) == 1
    assert differing(then, stream(RAMP + pause + RAMP), placed=False) == 2


def test_a_sound_may_be_broken_off_a_little_later_and_no_more() -> None:
    pause = bytes(4 * BLOCK)
    then = stream(RAMP[: 20 * BLOCK - 2 * 480] + pause)
    assert differing(then, stream(RAMP + pause), placed=False) == 0
    assert differing(stream(RAMP[: 10 * BLOCK] + pause), stream(RAMP + pause), placed=False) == 2
    faded = RAMP[: 20 * BLOCK - 2 * 480 - 100] + b"\1" * 100
    assert differing(stream(faded + pause), stream(RAMP + pause), placed=False) == 0
    other = RAMP[:2] + b"\1" + RAMP[3:]
    assert differing(then, stream(other + pause), placed=False) == 2
    assert differing(stream(RAMP + pause), stream(RAMP[:-2] + b"\1\1" + pause), placed=False) == 2
    assert differing([stopped(4800)], [stopped(5280)]) == 0
    assert differing([stopped(4800)], [stopped(9600)]) == 2
    finished = PlaybackState.FINISHED
    assert differing([stopped(4800, finished)], [stopped(5280, finished)]) == 2


def test_what_the_recording_lacks_is_no_difference_where_it_lacks_it() -> None:
    assert differing(lines(2, 3), lines(0, 1, 2, 3)) == 0
    assert differing(lines(0, 3), lines(0, 1, 2, 3)) == 0
    assert differing(lines(0, 3), lines(0, 1, 2, 4, 3)) == 1
    assert differing(lines(0, 1), lines(0, 1, 2)) == 1
    assert differing([*lines(0), *lines(0, boot=1)], lines(0, 0)) == 0
    assert differing(lines(2, 3), lines(3)) == 1
