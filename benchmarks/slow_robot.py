"""The demo's robot with motors that take their time: its result often comes late."""

from __future__ import annotations

import random
import time
from typing import Annotated

from pydantic import Field

from actors.services.tools.examples import robot

SLOWEST_S = 6.0
"""Longer than the filler and its answer last, and shorter than `tools` waits by itself (10 s)."""
_dice = random.Random(0)


def move(
    direction: robot.Direction,
    distance_m: Annotated[float, Field(gt=0, le=robot.MAX_DISTANCE_M, description="Metres.")],
) -> dict[str, object]:
    """Move the robot in a straight line, without turning it.

    Returns how far it moved and where it is now, in metres from where it started.
    """
    time.sleep(_dice.uniform(0.0, SLOWEST_S))
    return robot.move(direction, distance_m)
