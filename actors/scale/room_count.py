"""How many rooms there are to be: by calls, never by processor time. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

CALLS, GOING = "calls", "going"
"""Figures that each room tells of itself: how many talk there, and 1 if it takes nobody new."""
ROOM_START_S = 6.0
"""From the wish for a room to its first call, as replicas of Ray Serve took that began anew."""


def places_to_keep(calls_per_s: float) -> int:
    """Return how many places are kept free for those who call while a room starts."""
    return math.ceil(calls_per_s * ROOM_START_S)


def rooms_for(calls: int, spare: int, places: int, least: int, most: int) -> int:
    """Return the number of rooms.

    Args:
        calls: Under way, in all rooms.
        spare: Places that are kept free for new ones.
        places: Of a room.
        least: Rooms that are always there.
        most: Rooms that there may be.
    """
    return min(max(math.ceil((calls + spare) / places), least), most)


class RoomCount:
    """The number of rooms as Ray Serve asks for it, every second.

    Args:
        places: Of a room.
        spare: Places that are kept free.
    """

    def __init__(self, places: int, spare: int) -> None:
        self._places = places
        self._spare = spare

    def __call__(self, context: Any) -> tuple[int, dict[str, Any]]:
        """Return it, and nothing to remember.

        Args:
            context: An `AutoscalingContext` of Ray Serve.
        """
        told = context.raw_metrics or {}
        calls, going = (
            sum(newest(series) for series in told.get(figure, {}).values())
            for figure in (CALLS, GOING)
        )
        least, most = context.capacity_adjusted_min_replicas, context.capacity_adjusted_max_replicas
        wanted = rooms_for(round(calls), self._spare, self._places, least, most)
        # In the place of those that are to be empty, before they are.
        return min(wanted + round(going), most), {}


def newest(series: Iterable[Any]) -> float:
    """Return the newest value of points in time; 0 if there are none."""
    points = list(series)
    return float(max(points, key=lambda each: each.timestamp).value) if points else 0.0
