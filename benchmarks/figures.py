"""A measured quantity, its spread, and the limit it has to hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


def quantile(values: Sequence[float], q: float) -> float:
    """Return the value below which a share `q` of `values` lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]


@dataclass(frozen=True)
class Figure:
    """Values of one quantity, and what their quantiles may be at most.

    Attributes:
        name: What was measured.
        unit: Of the values.
        values: One for each trial.
        p50_limit: None when there is no limit.
        p99_limit: None when there is no limit.
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
        """99th percentile, nearest rank."""
        return quantile(self.values, 0.99)

    @property
    def holds(self) -> bool:
        """Whether every limit holds."""
        return (self.p50_limit is None or self.p50 <= self.p50_limit) and (
            self.p99_limit is None or self.p99 <= self.p99_limit
        )
