"""Sound that a producer retained in longer pieces than it was sent in."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.recordings.sound_spans import SampleRange, SoundSpans, repeated_among


@pytest.mark.parametrize(
    ("spans", "left_out"),
    [
        pytest.param([(0, 10), (10, 20), (0, 20)], [2], id="all blocks of a piece are there"),
        pytest.param([(0, 10), (0, 20)], [0], id="a block of it is missing"),
        pytest.param([(0, 10), (10, 20), (20, 30)], [], id="blocks side by side"),
        pytest.param([(0, 20), (0, 20)], [1], id="the same twice"),
        pytest.param([(0, 10), (5, 15)], [], id="neither holds the other"),
        pytest.param([(0, 10), (10, 15), (15, 20), (10, 20), (0, 20)], [3, 4], id="nested"),
    ],
)
def test_samples_are_read_once_and_as_they_were_sent_if_all_blocks_are_there(
    spans: list[tuple[int, int]], left_out: list[int]
) -> None:
    found = repeated_among([SampleRange(*each, row) for row, each in enumerate(spans)])
    assert sorted(found) == left_out


@given(
    cuts=st.lists(st.integers(1, 199), unique=True, max_size=40),
    kept=st.lists(st.booleans(), min_size=41, max_size=41),
    joined=st.integers(2, 8),
)
def test_no_sample_is_lost_and_none_is_there_twice(
    cuts: list[int], kept: list[bool], joined: int
) -> None:
    edges = [0, *sorted(cuts), 200]
    blocks = list(pairwise(edges))
    pieces = [
        (blocks[n][0], blocks[min(n + joined, len(blocks)) - 1][1])
        for n in range(0, len(blocks), joined)
    ]
    recorded = [each for each, there in zip(blocks, kept, strict=False) if there] + pieces
    spans = SoundSpans()
    for row, (start, end) in enumerate(recorded):
        pcm = bytes(2 * (end - start))
        spans.add(row, 0, {"type": "audio", "boot": 1, "position": start, "pcm": pcm})
    left_out = spans.repeated()
    samples = [
        sample
        for row, (start, end) in enumerate(recorded)
        if row not in left_out
        for sample in range(start, end)
    ]
    assert sorted(samples) == list(range(200))


def test_streams_sessions_and_processes_of_a_producer_are_told_apart() -> None:
    spans = SoundSpans()
    for row, (channel, session, boot) in enumerate(
        [(0, "a", 1), (1, "a", 1), (0, "b", 1), (0, "a", 2)]
    ):
        fields = {"type": "audio", "session": session, "boot": boot, "position": 0, "pcm": b"aa"}
        spans.add(row, channel, dict(fields))
    assert spans.repeated() == []
