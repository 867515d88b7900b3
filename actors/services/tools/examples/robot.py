"""A robot that moves over a floor without walls; its track is drawn in the log."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from pipeline.logs import get_logger

Direction = Literal["forward", "backward", "left", "right"]
Point = tuple[float, float]

MAX_DISTANCE_M = 100.0
"""A robot in a house that is told to go farther has misheard."""
CELLS = 20
"""Rows and columns of the drawing at most: fits beside the log on an 80 column terminal."""
REMEMBERED_MOVES = 200
"""Older ones leave the drawing."""
_STEP: dict[Direction, Point] = {
    "forward": (0, 1),
    "backward": (0, -1),
    "left": (-1, 0),
    "right": (1, 0),
}

_track: list[Point] = [(0.0, 0.0)]
_moving = threading.Lock()


def move(
    direction: Direction,
    distance_m: Annotated[float, Field(gt=0, le=MAX_DISTANCE_M, description="Metres.")],
) -> dict[str, object]:
    """Move the robot in a straight line, without turning it.

    Returns how far it moved and where it is now, in metres from where it started.
    """
    step_x, step_y = _STEP[direction]
    with _moving:
        x, y = _track[-1]
        _track.append((x + step_x * distance_m, y + step_y * distance_m))
        del _track[:-REMEMBERED_MOVES]
        x, y = _track[-1]
        drawing = draw(_track)
    get_logger("robot").info(f"move {direction} {distance_m:g} m\n{drawing}")
    return {"moved_m": distance_m, "position": {"x": x, "y": y}}


def draw(track: Sequence[Point]) -> str:
    """Return the track as text: `o` where it began, `*` along it, `@` where it is now."""
    left, right = min(x for x, _ in track), max(x for x, _ in track)
    bottom, top = min(y for _, y in track), max(y for _, y in track)
    metres = max(1.0, (right - left) / (CELLS - 1), (top - bottom) / (CELLS - 1))

    def cell(point: Point) -> tuple[int, int]:
        return round((top - point[1]) / metres), round((point[0] - left) / metres)

    marks: dict[tuple[int, int], str] = {}
    for begin, end in pairwise(track):
        for row, column in _line(cell(begin), cell(end)):
            marks[row, column] = "*"
    marks[cell(track[0])] = "o"
    marks[cell(track[-1])] = "@"
    rows, columns = cell((right, bottom))
    # A character is twice as high as wide: a column is two of them.
    lines = [
        "| " + " ".join(marks.get((row, column), ".") for column in range(columns + 1)) + " |"
        for row in range(rows + 1)
    ]
    border = "+" + "-" * (2 * columns + 3) + "+"
    return "\n".join([border, *lines, border, f"one step is {metres:g} m"])


def _line(begin: tuple[int, int], end: tuple[int, int]) -> list[tuple[int, int]]:
    rows, columns = end[0] - begin[0], end[1] - begin[1]
    steps = max(abs(rows), abs(columns), 1)
    return [
        (begin[0] + round(rows * i / steps), begin[1] + round(columns * i / steps))
        for i in range(steps + 1)
    ]
