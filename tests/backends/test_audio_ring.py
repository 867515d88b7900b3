"""The newest sound, cut by position."""

import mmap
import os

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.backends import audio_ring
from actors.backends.audio_ring import PAGE_SAMPLES, PREROLL_S, RATE_HZ, AudioRing

SESSIONS, TURN = 40, 20 * RATE_HZ


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
    ring = AudioRing(replayed=False, kept=10**6)
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
    ring = AudioRing(replayed=False, kept=10**6)
    ring.append(0, samples(0, 100))
    for back, length in blocks:
        start = max(0, ring.end - back)
        ring.append(start, samples(start, start + length))
    assert ring.cut(0, ring.end) == samples(0, ring.end)


def test_gap_is_filled_with_silence_and_counted() -> None:
    ring = AudioRing(replayed=False)
    ring.append(0, samples(0, 100))
    ring.append(150, samples(150, 200))
    assert ring.cut(0, 200) == samples(0, 100) + bytes(100) + samples(150, 200)
    assert ring.gap_samples == 50


def test_old_sound_is_forgotten_unless_a_turn_needs_it() -> None:
    ring = AudioRing(replayed=False, kept=1000, most=5000)
    for position in range(0, 3000, 100):
        ring.append(position, samples(position, position + 100), hold_from=500)
    assert ring.start == 500
    ring.append(3000, samples(3000, 3100))
    assert ring.start == 2100


def test_what_a_restart_replays_is_kept_until_the_turns_in_it_are_known() -> None:
    ring = AudioRing(replayed=True)
    retained = 15 * RATE_HZ
    for position in range(0, retained, 320):
        ring.append(position, samples(position, position + 320))
    assert ring.cut(0, retained) == samples(0, retained)


def test_session_that_begins_keeps_no_more_than_its_preroll() -> None:
    ring = AudioRing(replayed=False)
    for position in range(0, 10 * RATE_HZ, 320):
        ring.append(position, bytes(640))
    assert ring.end - ring.start == PREROLL_S * RATE_HZ


def test_what_long_turns_of_many_took_goes_back_to_the_system() -> None:
    rings = [AudioRing(replayed=False) for _ in range(SESSIONS)]
    before = psutil.Process().memory_info().rss
    # As in an actor: what comes between the blocks lives longer than they do.
    others: list[bytearray] = []
    for position in range(0, TURN, 320):
        for ring in rings:
            ring.append(position, os.urandom(640), hold_from=0)
        others.append(bytearray(1000))
    most = psutil.Process().memory_info().rss - before
    for position in range(TURN, TURN + 320, 320):
        for ring in rings:
            ring.append(position, os.urandom(640))
    left = psutil.Process().memory_info().rss - before
    assert most > SESSIONS * 2 * TURN
    assert left < SESSIONS * 192 * 1024


def test_sound_that_goes_on_needs_no_new_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    mapped: list[int] = []

    def counted(fileno: int, length: int, flags: int) -> mmap.mmap:
        mapped.append(length)
        return mmap.mmap(fileno, length, flags)

    monkeypatch.setattr(audio_ring, "mmap", counted)
    ring = AudioRing(replayed=False)
    for position in range(0, 60 * RATE_HZ, 320):
        ring.append(position, samples(position, position + 320))
    assert ring.cut(ring.start, ring.end) == samples(ring.start, ring.end)
    assert len(mapped) * PAGE_SAMPLES <= (PREROLL_S + 2) * RATE_HZ


def test_open_turn_is_whole_after_a_minute_of_silence() -> None:
    ring = AudioRing(replayed=False)
    silence, speech = 60 * RATE_HZ, 62 * RATE_HZ
    for position in range(0, silence, 320):
        ring.append(position, samples(position, position + 320))
    start = silence - RATE_HZ
    for position in range(silence, speech, 320):
        ring.append(position, samples(position, position + 320), hold_from=start)
    assert ring.cut(start, speech) == samples(start, speech)


def test_what_is_held_is_bounded() -> None:
    ring = AudioRing(replayed=False, kept=1000, most=5000)
    for position in range(0, 20_000, 100):
        ring.append(position, samples(position, position + 100), hold_from=0)
    assert ring.end - ring.start == 5000


def test_what_is_cleared_is_gone_and_what_comes_later_is_kept() -> None:
    ring = AudioRing(replayed=False)
    ring.append(0, samples(0, 3 * PAGE_SAMPLES))
    ring.clear()
    assert ring.cut(0, ring.end) == b""
    assert not ring._pages
    end = ring.end
    ring.append(end, samples(end, end + 320))
    assert ring.cut(0, ring.end) == samples(end, end + 320)
