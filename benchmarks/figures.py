"""A measured quantity, its spread, and the limit it has to hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table

from pipeline.quantile import quantile

UP_LIMITS_MS = (0.4, 2.0)
"""What our processes may add from the microphone to Live, p50 and p99: the design's limits."""
DOWN_LIMITS_MS = (0.8, 3.0)
"""The same from Live to the playout."""


def table_of(what: str, *values: str) -> Table:
    """Return an empty table, as READMEs have them: what was measured, and what was found."""
    table = Table(what, box=box.MARKDOWN)
    for column in values:
        table.add_column(column, justify="right")
    return table


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


def added(
    name: str, ours: Sequence[float], floor: Sequence[float], limits_ms: tuple[float, float]
) -> Figure:
    """Compare two distributions, percentile by percentile: what the one has more than the other.

    Args:
        name: What was measured.
        ours: Values of one way, in ms.
        floor: Values of the way that it is measured against.
        limits_ms: What the difference may be, p50 and p99.
    """
    percents = range(1, 100)
    values = [quantile(ours, q / 100) - quantile(floor, q / 100) for q in percents]
    return Figure(name, "ms", values, *limits_ms)
