"""The newest sound, cut by position."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.backends.audio_ring import AudioRing


def samples(start: int, end: int) -> bytes:
    """Sound in which every sample says where it is."""
    return (np.arange(start, end) % 30_000).astype("<i2").tobytes()


@given(
    lengths=st.lists(st.integers(1, 700), min_size=1, max_size=150),
    first=st.integers(0, 50_000),
    data=st.data(),
)
def test_any_cut_holds_exactly_its_samples(
    lengths: list[int], first: int, data: st.DataObject
) -> None:
    ring = AudioRing(kept=10**6)
    position = first
    for length in lengths:
        ring.append(position, samples(position, position + length))
        position += length
    start = data.draw(st.integers(first, position))
    end = data.draw(st.integers(start, position))
    assert ring.cut(start, end) == samples(start, end)
    assert b"".join(ring.messages(start, end)) == samples(start, end)


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 700)), min_size=1, max_size=150))
def test_repeated_and_overlapping_blocks_are_taken_once(blocks: list[tuple[int, int]]) -> None:
    ring = AudioRing(kept=10**6)
    ring.append(0, samples(0, 100))
    for back, length in blocks:
        start = max(0, ring.end - back)
        ring.append(start, samples(start, start + length))
    assert ring.cut(0, ring.end) == samples(0, ring.end)


def test_gap_is_filled_with_silence_and_counted() -> None:
    ring = AudioRing()
    ring.append(0, samples(0, 100))
    ring.append(150, samples(150, 200))
    assert ring.cut(0, 200) == samples(0, 100) + bytes(100) + samples(150, 200)
    assert ring.gap_samples == 50


def test_old_sound_is_forgotten_unless_a_turn_needs_it() -> None:
    ring = AudioRing(kept=1000, most=5000)
    for position in range(0, 3000, 100):
        ring.append(position, samples(position, position + 100), hold_from=500)
    assert ring.start == 500
    ring.append(3000, samples(3000, 3100))
    assert ring.start == 2100


def test_what_is_held_is_bounded() -> None:
    ring = AudioRing(kept=1000, most=5000)
    for position in range(0, 20_000, 100):
        ring.append(position, samples(position, position + 100), hold_from=0)
    assert ring.end - ring.start == 5000
