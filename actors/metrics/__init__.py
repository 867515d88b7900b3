"""Metrics for Prometheus, and traces of the turns for OpenTelemetry."""

from actors.metrics.actor import Metrics
from actors.metrics.options import MetricsOptions

__all__ = ["Metrics", "MetricsOptions"]
