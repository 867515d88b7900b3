"""How many rooms there are for so many calls."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.scale.room_count import CALLS, GOING, RoomCount, newest, places_to_keep, rooms_for

COUNTS = st.integers(0, 10_000)


@pytest.mark.parametrize(
    ("calls", "spare", "places", "least", "most", "rooms"),
    [
        (0, 0, 60, 1, 10, 1),
        (0, 0, 60, 3, 10, 3),
        (60, 0, 60, 1, 10, 1),
        (61, 0, 60, 1, 10, 2),
        (58, 3, 60, 1, 10, 2),
        (119, 1, 60, 1, 10, 2),
        (5_000, 3, 60, 1, 10, 10),
        (1, 0, 1, 1, 10, 1),
    ],
)
def test_there_are_as_many_rooms_as_calls_need(
    calls: int, spare: int, places: int, least: int, most: int, rooms: int
) -> None:
    assert rooms_for(calls, spare, places, least, most) == rooms


@given(COUNTS, st.integers(0, 100), st.integers(1, 300), st.integers(1, 20), st.integers(0, 50))
def test_every_call_and_every_spare_place_has_room_as_far_as_there_may_be_rooms(
    calls: int, spare: int, places: int, least: int, further: int
) -> None:
    most = least + further
    rooms = rooms_for(calls, spare, places, least, most)
    assert least <= rooms <= most
    assert rooms == most or rooms * places >= calls + spare
    assert rooms == least or (rooms - 1) * places < calls + spare


@given(COUNTS, COUNTS, st.integers(1, 300))
def test_more_calls_never_take_fewer_rooms(calls: int, more: int, places: int) -> None:
    assert rooms_for(calls + more, 3, places, 1, 99) >= rooms_for(calls, 3, places, 1, 99)


@pytest.mark.parametrize(("calls_per_s", "places"), [(0.0, 0), (0.1, 1), (0.5, 3), (20.0, 120)])
def test_places_are_kept_for_those_who_call_while_a_room_starts(
    calls_per_s: float, places: int
) -> None:
    assert places_to_keep(calls_per_s) == places


def test_the_newest_of_what_each_room_told_is_counted() -> None:
    count = RoomCount(places=10, spare=2)
    assert count(_context({"a": [(1.0, 50), (3.0, 9), (2.0, 60)], "b": [(3.0, 4)]})) == (2, {})
    assert count(_context({"a": []})) == (1, {})
    assert count(SimpleNamespace(**{**vars(_context({})), "raw_metrics": None})) == (1, {})


def test_a_room_that_is_to_be_empty_is_replaced_before_it_is() -> None:
    count = RoomCount(places=10, spare=0)
    context = _context({"a": [(1.0, 5)], "b": [(1.0, 5)]})
    context.raw_metrics[GOING] = {"a": [SimpleNamespace(timestamp=1.0, value=1)], "b": []}
    assert count(context) == (2, {})
    context.capacity_adjusted_max_replicas = 1
    assert count(context) == (1, {})


def test_nothing_told_is_nothing() -> None:
    assert newest([]) == 0.0


def _context(told: dict[str, list[tuple[float, float]]]) -> Any:
    series = {
        room: [SimpleNamespace(timestamp=at, value=value) for at, value in points]
        for room, points in told.items()
    }
    return SimpleNamespace(
        raw_metrics={CALLS: series},
        capacity_adjusted_min_replicas=1,
        capacity_adjusted_max_replicas=5,
    )
