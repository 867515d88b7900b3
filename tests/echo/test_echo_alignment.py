"""Two clocks, and which samples go together."""

from __future__ import annotations

from actors.echo.alignment import (
    CUSHION,
    LATE_BLOCKS,
    LEAD,
    NS,
    QUIET_TOLERANCE,
    TOLERANCE,
    Alignment,
    StreamClock,
)

BLOCK = 320


def aligned(far_ahead: int = 4_000) -> Alignment:
    """Both streams count from the same moment; so much of the far end is at hand."""
    alignment = Alignment()
    alignment.near.note(BLOCK, round(BLOCK * NS))
    alignment.far.note(BLOCK, round(BLOCK * NS))
    assert alignment.first(0, BLOCK, far_ahead, quiet=True) is not None
    return alignment


def shift_far(alignment: Alignment, samples: int) -> None:
    """Let the far end say from now on that its samples are heard so much earlier."""
    for _ in range(400):
        alignment.far.note(BLOCK, round((BLOCK - samples) * NS))


def test_the_far_end_is_given_ahead_of_its_time_by_a_constant() -> None:
    alignment = aligned()
    for position in range(0, 64_000, BLOCK):
        first = alignment.first(position, BLOCK, position + 4_000, quiet=False)
        assert first == position + LEAD


def test_less_ahead_when_it_has_not_come_yet() -> None:
    alignment = aligned(far_ahead=BLOCK + CUSHION + 100)
    assert alignment.lead == 100


def test_without_a_far_end_there_is_none() -> None:
    alignment = Alignment()
    alignment.near.note(BLOCK, 5_000)
    assert alignment.first(0, BLOCK, 0, quiet=True) is None


def test_one_that_has_stopped_long_ago_is_none() -> None:
    alignment = aligned()
    for index in range(LATE_BLOCKS):
        alignment.first(60_000 + index * BLOCK, BLOCK, 4_000, quiet=True)
    assert alignment.first(64_000, BLOCK, 4_000, quiet=True) is None


def test_drift_is_made_up_for_in_a_pause_and_not_in_mid_answer() -> None:
    alignment = aligned()
    drift = QUIET_TOLERANCE + 10
    shift_far(alignment, drift)
    assert alignment.first(0, BLOCK, 4_000, quiet=False) == LEAD
    assert alignment.first(0, BLOCK, 4_000, quiet=True) == LEAD + drift
    assert alignment.realigned == 1


def test_a_jump_is_made_up_for_at_once() -> None:
    alignment = aligned()
    shift_far(alignment, TOLERANCE + 100)
    assert alignment.first(0, BLOCK, 4_000, quiet=False) == LEAD + TOLERANCE + 100


def test_one_late_block_moves_nothing_and_many_do() -> None:
    alignment = aligned()
    alignment.first(0, BLOCK, LEAD, quiet=False)
    assert alignment.first(BLOCK, BLOCK, 4_000, quiet=False) == BLOCK + LEAD
    for _ in range(LATE_BLOCKS):
        alignment.first(0, BLOCK, LEAD, quiet=False)
    assert alignment.first(0, BLOCK, BLOCK + CUSHION, quiet=False) == 0
    assert alignment.late == LATE_BLOCKS + 1


def test_times_that_jump_about_average_out() -> None:
    clock = StreamClock()
    for index in range(1, 300):
        off_ns = 8_000_000 if index % 2 else -8_000_000
        clock.note(index * BLOCK, round(index * BLOCK * NS) + 1_000 + off_ns)
    assert abs(clock.zero_ns) < 500_000
