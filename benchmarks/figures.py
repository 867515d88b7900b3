"""A measured quantity, its spread, and the limit it has to hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


def quantile(values: Sequence[float], q: float) -> float:
    """Return the value that a share `q` of `values` does not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(q * len(values)) - 1)]


@dataclass(frozen=True)
class Figure:
    """Values of one quantity, and what they may be at most.

    Attributes:
        name: What was measured.
        unit: Of the values.
        values: One for each trial; a benchmark that got none has failed.
        p50_limit: What the median may be; None when there is no limit.
        p99_limit: What the 99th percentile may be; with fewer than 100 trials, the worst of them.
        note: What the reader has to know.
    """

    name: str
    unit: str
    values: Sequence[float]
    p50_limit: float | None = None
    p99_limit: float | None = None
    note: str = ""

    @property
    def p50(self) -> float:
        """Median."""
        return quantile(self.values, 0.50)

    @property
    def p99(self) -> float:
        """99th percentile."""
        return quantile(self.values, 0.99)

    @property
    def has_limit(self) -> bool:
        """Whether anything is promised of it."""
        return self.p50_limit is not None or self.p99_limit is not None

    @property
    def holds(self) -> bool:
        """Whether every limit holds."""
        return (self.p50_limit is None or self.p50 <= self.p50_limit) and (
            self.p99_limit is None or self.p99 <= self.p99_limit
        )
