"""Figures of several rounds, their middle, their spread, and who is ahead."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from benchmarks.peers.metrics import Metric


class Place(NamedTuple):
    """Which figure it is: of which metric, whose, with how many sessions at once."""

    metric: str
    subject: str
    sessions: int


@dataclass
class Results:
    """One value for each round; infinite for what never happened.

    Attributes:
        values: By place, in the order of the rounds.
        failures: What was said when a subject collapsed, by subject, kind of run and sessions.
    """

    values: dict[Place, list[float]] = field(default_factory=dict)
    failures: dict[tuple[str, str, int], str] = field(default_factory=dict)

    def add(self, place: Place, value: float) -> None:
        """Note what a round gave."""
        self.values.setdefault(place, []).append(value)

    def median(self, place: Place) -> float | None:
        """Return the middle of the rounds; None if there was none."""
        values = self.values.get(place)
        return statistics.median_low(values) if values else None

    def session_counts(self, metric: str) -> list[int]:
        """Return with how many sessions a metric was measured, in order."""
        return sorted({place.sessions for place in self.values if place.metric == metric})


def spread(values: Sequence[float]) -> str:
    """Write the median, and the least and the greatest when they look different.

    >>> spread([1.0, 2.0, 4.0])
    '2.0 (1.0-4.0)'
    """
    low, middle, high = (
        number(value) for value in (min(values), statistics.median_low(values), max(values))
    )
    return middle if low == high else f"{middle} ({low}-{high})"


def number(value: float) -> str:
    """Write three digits, no more than the measurement is good for; `never` for infinity."""
    if math.isinf(value):
        return "never"
    if value == 0:
        return "0"
    digits = max(0, 2 - max(0, math.floor(math.log10(abs(value)))))
    return f"{value:.{min(digits, 2)}f}"


def ratio(ours: float | None, theirs: float | None) -> float | None:
    """Return ours by theirs; None where there is none to be had (0 by 0, never by never)."""
    if ours is None or theirs is None:
        return None
    if theirs == 0 or math.isinf(ours):
        return None if ours == theirs else math.inf
    return 0.0 if math.isinf(theirs) else ours / theirs


def ahead(metric: Metric, ours: float, theirs: float) -> bool:
    """Whether ours is at least as good."""
    return ours >= theirs if metric.higher_is_better else ours <= theirs
