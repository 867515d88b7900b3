"""Turns of which a caller was told an outcome. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from actors.lib.audio.pcm import SPEECH_RATE_HZ

SAME_TURN_SAMPLES = SPEECH_RATE_HZ // 4
"""Two turns of a session that begin nearer to each other are one that was named twice."""


def told_twice(turns: Iterable[str]) -> int:
    """Return how many turns were told an outcome once too often.

    Args:
        turns: Their names, `SESSION:POSITION` with the position of the first sample; one for each
            outcome that was told.
    """
    places: defaultdict[str, list[int]] = defaultdict(list)
    for name in turns:
        session, _, position = name.rpartition(":")
        if position.isdecimal():
            places[session].append(int(position))
        else:
            places[name].append(0)
    return sum(
        b - a < SAME_TURN_SAMPLES for each in places.values() for a, b in pairwise(sorted(each))
    )
