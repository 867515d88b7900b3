"""Families of metrics from rows of values."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from actors.services.metrics.tally import BUCKETS_S, Histogram

Row = tuple[list[str], float]
"""Values of the labels, and the value."""
PREFIX = "greenroom_"


def gauge(name: str, meaning: str, labels: list[str], rows: Iterable[Row]) -> Metric:
    """Return what goes up and down."""
    family = GaugeMetricFamily(PREFIX + name, meaning, labels=labels)
    for values, value in rows:
        family.add_metric(values, float(value))
    return family


def counter(name: str, meaning: str, labels: list[str], rows: Iterable[Row]) -> Metric:
    """Return what only grows."""
    family = CounterMetricFamily(PREFIX + name, meaning, labels=labels)
    for values, value in rows:
        family.add_metric(values, float(value))
    return family


def histogram(
    name: str, meaning: str, labels: list[str], rows: Iterable[tuple[list[str], Histogram]]
) -> Metric:
    """Return durations by bucket."""
    family = HistogramMetricFamily(PREFIX + name, meaning, labels=labels)
    ends = [*map(str, BUCKETS_S), "+Inf"]
    for values, each in rows:
        buckets = list(zip(ends, accumulate(each.counts), strict=True))
        family.add_metric(values, buckets, each.sum_s)
    return family
