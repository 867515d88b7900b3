"""Two streams, and which samples go together."""

from __future__ import annotations

import random

from actors.hearing.echo.alignment import (
    JUMP,
    JUMP_NS,
    LATE_BLOCKS,
    LEAD,
    LOSS,
    MARGIN,
    NS,
    STALLED_BLOCKS,
    TOLERANCE,
    Alignment,
    StreamClock,
)

BLOCK = 320


class Streams:
    """Both count from the same moment; `at_hand` samples of the far end come ahead of need."""

    def __init__(self, at_hand: int = 4_000) -> None:
        self.alignment = Alignment()
        self.alignment.near.record(BLOCK, round(BLOCK * NS))
        self.alignment.far.record(BLOCK, round(BLOCK * NS))
        self.at_hand = at_hand
        self.position = 0

    def step(self, blocks: int = 1, *, quiet: bool = False, at_hand: int | None = None) -> int:
        """Return by how much the index is ahead of the position after so many blocks."""
        shift = 0
        for _ in range(blocks):
            far_end = self.position + BLOCK + (self.at_hand if at_hand is None else at_hand)
            first = self.alignment.first(self.position, BLOCK, far_end, quiet=quiet)
            assert first is not None
            shift = first - self.position
            self.position += BLOCK
        return shift

    def far_is_said_to_be_heard_earlier_by(self, samples: int) -> None:
        for _ in range(5_000):
            self.alignment.far.record(BLOCK, round((BLOCK - samples) * NS))


def test_the_far_end_is_given_ahead_of_its_time_by_a_constant() -> None:
    streams = Streams()
    assert {streams.step() for _ in range(1_000)} == {LEAD}


def test_what_comes_late_is_given_as_soon_as_it_can_be() -> None:
    assert Streams(at_hand=200).step() == 200 - MARGIN
    assert Streams(at_hand=-3_000).step() == -3_000 - MARGIN


def test_without_a_far_end_there_is_none() -> None:
    alignment = Alignment()
    alignment.near.record(BLOCK, 5_000)
    assert alignment.first(0, BLOCK, 0, quiet=True) is None


def test_one_that_is_half_a_second_behind_is_none() -> None:
    streams = Streams()
    assert streams.alignment.first(0, BLOCK, BLOCK - 9_000, quiet=True) is None


def test_samples_lost_by_a_device_are_made_up_for_at_once() -> None:
    streams = Streams(at_hand=-500)
    before = streams.step(200)
    streams.at_hand += LOSS + 10
    assert streams.step(200) == before + LOSS + 10


def test_drift_is_made_up_for_in_a_pause_and_not_in_mid_answer() -> None:
    streams = Streams(at_hand=200)
    before = streams.step(200)
    streams.at_hand += TOLERANCE + 10
    assert streams.step(200) == before
    assert streams.step(quiet=True) == before + TOLERANCE + 10
    assert streams.alignment.realigned == 1


def test_times_that_wander_move_nothing() -> None:
    streams = Streams(at_hand=200)
    before = streams.step(200)
    streams.far_is_said_to_be_heard_earlier_by(JUMP - 10)
    assert streams.step(quiet=True) == before
    assert streams.alignment.realigned == 0


def test_a_jump_is_made_up_for_at_once() -> None:
    streams = Streams()
    before = streams.step()
    streams.far_is_said_to_be_heard_earlier_by(JUMP + 10)
    assert streams.step() == before + JUMP + 10


def test_one_late_block_moves_nothing_and_many_do() -> None:
    streams = Streams(at_hand=200)
    before = streams.step(200)
    assert streams.step(at_hand=0) == before
    assert streams.step() == before
    assert streams.step(LATE_BLOCKS - 1, at_hand=0) == before
    assert streams.step(at_hand=0) == -MARGIN
    assert streams.alignment.late == 1 + LATE_BLOCKS


def test_a_far_end_that_stops_for_a_while_goes_on_where_it_belongs() -> None:
    streams = Streams(at_hand=200)
    before = streams.step(200)
    stopped_at = streams.position + 200
    for _ in range(STALLED_BLOCKS + 100):
        first = streams.alignment.first(streams.position, BLOCK, stopped_at, quiet=False)
        assert first == streams.position + before
        streams.position += BLOCK
    assert streams.step(300, quiet=True) == before


def test_times_that_jump_about_average_out() -> None:
    clock, rng = StreamClock(), random.Random(1)
    for index in range(1, 2_000):
        off_ns = rng.uniform(-15_000_000, 15_000_000)
        clock.record(index * BLOCK, round(index * BLOCK * NS + off_ns))
    assert abs(clock.zero_ns) < 2_000_000


def test_a_break_in_the_stream_counts_at_once() -> None:
    clock = StreamClock()
    clock.record(BLOCK, round(BLOCK * NS))
    clock.record(2 * BLOCK, round(2 * BLOCK * NS) + JUMP_NS + 1_000)
    assert clock.zero_ns == JUMP_NS + 1_000
