"""Options of `metrics`."""

from __future__ import annotations

from pydantic import Field

from pipeline.actor import Options

PORT = 9464
"""Registered with the Prometheus project for exporters of OpenTelemetry."""


class MetricsOptions(Options):
    """Options of `metrics`."""

    port: int = Field(
        PORT, ge=0, le=65535, description="Of `http://127.0.0.1:PORT/metrics`; 0: any free one."
    )
    otlp_endpoint: str | None = Field(
        None,
        pattern=r"^https?://",
        description="Where traces of the turns go, over OTLP/HTTP, such as "
        "`http://127.0.0.1:4318/v1/traces`; null sends none.",
    )
    instance: str = Field(
        "",
        max_length=200,
        description="Which of several pipelines this is, in its traces (`service.instance.id`): "
        "the name of the room, say.",
    )
