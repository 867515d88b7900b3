"""The newest sound, cut by position."""

import tracemalloc

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.backends.audio_ring import RATE_HZ, AudioRing


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
    ring = AudioRing(kept=1000, most=5000, settling=0)
    for position in range(0, 3000, 100):
        ring.append(position, samples(position, position + 100), hold_from=500)
    assert ring.start == 500
    ring.append(3000, samples(3000, 3100))
    assert ring.start == 2100


def test_what_a_restart_replays_is_kept_until_the_turns_in_it_are_known() -> None:
    ring = AudioRing()
    retained = 15 * RATE_HZ
    for position in range(0, retained, 320):
        ring.append(position, samples(position, position + 320))
    assert ring.cut(0, retained) == samples(0, retained)


def test_a_minute_of_silence_costs_little_and_the_open_turn_is_whole() -> None:
    ring = AudioRing()
    silence, speech = 60 * RATE_HZ, 62 * RATE_HZ
    tracemalloc.start()
    try:
        for position in range(0, silence, 320):
            ring.append(position, bytes(640))
        used = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert used < 192 * 1024
    start = silence - RATE_HZ
    for position in range(silence, speech, 320):
        ring.append(position, bytes(640), hold_from=start)
    assert len(ring.cut(start, speech)) == 2 * (speech - start)


def test_what_is_held_is_bounded() -> None:
    ring = AudioRing(kept=1000, most=5000, settling=0)
    for position in range(0, 20_000, 100):
        ring.append(position, samples(position, position + 100), hold_from=0)
    assert ring.end - ring.start == 5000
