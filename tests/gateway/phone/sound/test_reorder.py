"""Order of messages, on a clock of the test: what is heard is what was said, or silence for it."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.gateway.phone.dialect import Encoding, LineSound
from actors.gateway.phone.sound.reorder import Reorder

LINE = LineSound(Encoding.MULAW, 8000)
MS = 1_000_000
SILENCE = b"\xff" * 160


def payload(number: int) -> bytes:
    """Of 20 ms, and different for each message."""
    return number.to_bytes(5, "big") * 32


class Told:
    """Takes messages at their times, and keeps what is handed on."""

    def __init__(self, wait_ms: float = 60) -> None:
        self.counters: Counter[str] = Counter()
        self.reorder = Reorder(LINE, self.counters, wait_ms)
        self.handed: list[bytes] = []

    def take(self, number: int, at_ms: float, said: int | None = None) -> None:
        spoken = payload(number if said is None else said)
        self.handed += self.reorder.take(spoken, number, int(at_ms * MS))


def counted(counters: Counter[str]) -> dict[str, int]:
    return {name: count for name, count in counters.items() if count}


@pytest.mark.parametrize("first", [0, 1, 7, 65_530, 2**32 - 3])
def test_messages_in_order_are_handed_on_at_once(first: int) -> None:
    told = Told()
    for step in range(10):
        told.take(first + step, step * 20)
        assert told.handed == [payload(first + each) for each in range(step + 1)]
    assert counted(told.counters) == {}
    assert told.reorder.due_ns is None


def test_one_that_overtook_waits_for_the_other() -> None:
    told = Told()
    told.take(1, 0)
    told.take(3, 20)
    assert told.handed == [payload(1)]
    assert told.reorder.due_ns == 80 * MS
    told.take(2, 25)
    assert told.handed == [payload(1), payload(2), payload(3)]
    assert counted(told.counters) == {"sound_overtook": 1}


def test_a_message_that_never_comes_becomes_silence_of_its_length() -> None:
    told = Told()
    for number in (1, 2, 4, 5, 6, 7):
        told.take(number, number * 20)
    assert told.handed == [payload(1), payload(2), SILENCE, *map(payload, (4, 5, 6, 7))]
    assert told.counters["sound_lost"] == 1


def test_what_waits_for_long_enough_is_handed_on_without_another_message() -> None:
    told = Told()
    told.take(1, 20)
    told.take(3, 60)
    assert told.reorder.overdue(119 * MS) == []
    assert told.reorder.overdue(120 * MS) == [SILENCE, payload(3)]
    assert told.reorder.due_ns is None
    assert told.reorder.overdue(500 * MS) == []


def test_doubled_and_late_messages_are_dropped_and_told_apart() -> None:
    told = Told()
    for number, at_ms in [(1, 0), (1, 5), (3, 40), (3, 45), (4, 100), (2, 120), (5, 125), (3, 130)]:
        told.take(number, at_ms)
    assert told.handed == [payload(1), SILENCE, payload(3), payload(4), payload(5)]
    assert told.counters == Counter(
        sound_doubled=3, sound_late=1, sound_lost=1, sound_overtook=2, sound_count_restarted=0
    )


@pytest.mark.parametrize("bits", [16, 32])
def test_a_counter_begins_again_at_zero(bits: int) -> None:
    told, turn = Told(), 2**bits
    order = [-3, -2, 0, -1, 1, 1, 3, 2, 4]
    for at, step in enumerate(order):
        told.take(step % turn, at * 20, said=10 + step)
    assert told.handed == [payload(10 + step) for step in range(-3, 5)]
    assert told.counters["sound_doubled"] == 1
    assert told.counters["sound_count_restarted"] == 0


def test_a_second_turn_of_a_counter() -> None:
    told = Told()
    for at in range(2 * 2**16 + 10):
        told.take(at % 2**16, at * 20, said=at)
    assert told.handed == [payload(at) for at in range(2 * 2**16 + 10)]


@pytest.mark.parametrize("restarts_at", [1, 40_000, 10**9])
def test_a_count_that_restarts_loses_nothing(restarts_at: int) -> None:
    told = Told()
    told.take(5000, 0)
    told.take(5002, 20)
    for step in range(3):
        told.take(restarts_at + step, 40 + step * 20)
    expected = [5000, 5002, restarts_at, restarts_at + 1, restarts_at + 2]
    assert told.handed == list(map(payload, expected))
    assert told.counters["sound_count_restarted"] == 1


def test_a_counter_of_other_messages_too_adds_no_silence() -> None:
    """Each second number is of a mark or a key: what is heard must not get longer."""
    told = Told()
    for step in range(100):
        told.take(2 * step, step * 20)
    told.handed += told.reorder.finish()
    assert told.handed == [payload(2 * step) for step in range(100)]


def test_a_slow_first_message_does_not_cost_silence_of_later_ones() -> None:
    told = Told()
    told.take(1, 100)  # 80 ms late: the next ones catch up.
    for number in (2, 3, 4, 5, 6, 8, 9, 10, 11):
        told.take(number, max(101, number * 20))
    expected = [*map(payload, range(1, 7)), SILENCE, *map(payload, range(8, 12))]
    assert told.handed == expected


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6), lost=st.sampled_from([0.0, 0.05, 0.3]), start=st.integers(0, 70_000)
)
def test_a_bad_network(seed: int, lost: float, start: int) -> None:
    """Late by up to 50 ms, lost, doubled: order is kept, nothing twice, nothing invented."""
    chance = random.Random(seed)
    arrivals = []
    for step in range(120):
        for _ in range(1 + (chance.random() < 0.05)):
            if chance.random() >= lost or step in (0, 119):
                arrivals.append((step * 20 + (chance.random() * 50 if step else 0), step))
    told = Told()
    for at_ms, step in sorted(arrivals):
        told.take((start + step) % 2**16, at_ms, said=step)
    told.handed += told.reorder.finish()
    came = {step for _, step in arrivals}
    spoken = [each for each in told.handed if each.strip(b"\xff")]
    assert spoken == [payload(step) for step in sorted(came)]
    assert told.counters["sound_late"] == 0
    heard_ms = sum(map(len, told.handed)) / 8
    assert heard_ms <= 120 * 20 + 50


def test_after_the_end_a_new_count_begins() -> None:
    told = Told()
    told.take(1, 0)
    told.take(4, 20)
    assert told.reorder.finish() == [payload(4)]
    told.take(9, 40)
    assert told.handed == [payload(1), payload(9)]
    assert counted(told.counters) == {"sound_overtook": 1}
