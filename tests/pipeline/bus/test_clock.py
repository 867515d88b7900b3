"""The clocks of two hosts: suspended, drifting, and behind a line that is slow at times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.bus.clock import STEP_NS, WINDOW_NS, ClockOffset

MS = 1_000_000
S = 1000 * MS
BLOCK = 20 * MS


def ages(offset: ClockOffset, frames: list[tuple[int, int]]) -> list[int]:
    """How old each frame seems when it comes, in ms."""
    return [(now - offset.see(sent, now) - sent) // MS for sent, now in frames]


def spoken(sent: int, apart: int, seconds: float, late: int = 0) -> list[tuple[int, int]]:
    """Frames sent from then on, on clocks that are so far apart."""
    times = range(sent, sent + int(seconds * S), BLOCK)
    return [(each, each + apart + late) for each in times]


@pytest.mark.parametrize("apart", [-7_000 * S, 0, 3 * S, 90_000 * S])
def test_a_frame_that_is_later_than_the_fastest_is_so_old(apart: int) -> None:
    offset = ClockOffset()
    assert set(ages(offset, spoken(5 * S, apart, 10))) == {0}
    assert set(ages(offset, spoken(15 * S, apart, 5, late=80 * MS))) == {80}


def test_after_the_other_host_was_suspended_its_frames_are_not_old_f() -> None:
    offset = ClockOffset()
    ages(offset, spoken(0, S, 100))
    # Its clock stood still for a minute.
    assert set(ages(offset, spoken(100 * S, 61 * S, 10))) == {0}


def test_after_a_short_suspension_its_frames_are_old_for_no_longer_than_the_window() -> None:
    offset = ClockOffset()
    ages(offset, spoken(0, S, 100))
    seen = ages(offset, spoken(100 * S, 6 * S, 60))
    assert seen[0] == 5000
    assert set(seen[WINDOW_NS // BLOCK :]) == {0}


def test_after_our_own_host_was_suspended_its_frames_are_not_old() -> None:
    offset = ClockOffset()
    ages(offset, spoken(0, 100 * S, 100))
    assert set(ages(offset, spoken(160 * S, 40 * S, 10))) == {0}


@pytest.mark.parametrize("ppm", [-100, 100])
def test_a_clock_that_drifts_for_a_day_makes_no_frame_old(ppm: int) -> None:
    offset = ClockOffset()
    frames = [(at, at + at * ppm // 1_000_000) for at in range(0, 86_400 * S, 5 * S)]
    assert max(ages(offset, frames)) <= 3


@given(st.lists(st.tuples(st.integers(0, 5 * S), st.integers(-S, 100 * S)), min_size=1))
def test_it_is_the_least_of_the_last_seconds(frames: list[tuple[int, int]]) -> None:
    offset = ClockOffset()
    now = 0
    seen: list[tuple[int, int]] = []
    for later, apart in frames:
        now += later
        seen.append((now, apart))
        found = offset.see(now - apart, now)
        assert found <= min(a for at, a in seen if at > now - WINDOW_NS + STEP_NS)
        assert found >= min(a for at, a in seen if at > now - WINDOW_NS - STEP_NS)
