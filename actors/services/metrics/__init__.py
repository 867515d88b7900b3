"""Metrics for Prometheus, and traces of the turns for OpenTelemetry."""

from actors.services.metrics.actor import Metrics
from actors.services.metrics.options import MetricsOptions

__all__ = ["Metrics", "MetricsOptions"]
