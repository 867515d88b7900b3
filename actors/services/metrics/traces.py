"""Turns as OpenTelemetry spans: one a turn, with a child for each stage."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from actors.services.metrics.tally import NOBODY
from pipeline.frames import Outcome, SessionOpened, TurnClosed
from pipeline.turns.turn_times import TurnTimes
from pipeline.version import VERSION

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import SpanProcessor

EXPORT_TIMEOUT_S = 2.0
"""Tries included; an actor has 3 s to stop."""

NAMES = uuid.UUID("7d6e6c1c-7a7b-5c0e-9d53-1b6f0c9a3a51")
"""A name space of this project's own (RFC 9562, 5.5), drawn once."""

OnSent = Callable[[int, bool], None]


class Traces:
    """Makes spans of closed turns; neither what was said nor the name of the session is in them."""

    def __init__(self, processor: SpanProcessor, instance: str = "") -> None:
        """`processor` gets the finished spans, and is shut down with this."""
        of_room = {"service.instance.id": instance} if instance else {}
        resource = Resource.create({"service.name": "greenroom", **of_room})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("greenroom", VERSION)

    def add(
        self, closed: TurnClosed, times: TurnTimes, opened: SessionOpened | None = None
    ) -> None:
        """Make the spans of a turn, in the trace of its conversation, if that has an id."""
        conversation = opened.conversation if opened is not None else ""
        epoch_ns = time.time_ns() - time.monotonic_ns()
        stages = times.stages()
        closed_ns = closed.sent_ns
        start_ns = min((each.start_ns for each in stages), default=closed_ns)
        end_ns = max((each.end_ns for each in stages), default=closed_ns)
        if closed.outcome is Outcome.FAILED:
            end_ns = max(end_ns, closed_ns)
        turn = self._tracer.start_span(
            "turn",
            context=context_of(conversation) if conversation else None,
            kind=SpanKind.SERVER,
            start_time=epoch_ns + start_ns,
            attributes={
                "greenroom.turn.outcome": closed.outcome.value,
                "greenroom.turn.backend": closed.by or NOBODY,
            },
        )
        if conversation and opened is not None:
            turn.set_attribute("greenroom.session.taken_up", opened.taken_up)
        if closed.first_sound_ms is not None:
            turn.set_attribute("greenroom.turn.first_sound_ms", closed.first_sound_ms)
        if closed.outcome is Outcome.FAILED:
            turn.set_status(Status(StatusCode.ERROR))
        within = set_span_in_context(turn)
        for stage, begun_ns, ended_ns in stages:
            child = self._tracer.start_span(
                stage.value, context=within, start_time=epoch_ns + begun_ns
            )
            child.end(epoch_ns + ended_ns)
        turn.end(epoch_ns + end_ns)

    def close(self) -> None:
        """Send what is left; takes `EXPORT_TIMEOUT_S` where nobody takes it."""
        self._provider.shutdown()


def context_of(conversation: str) -> Context:
    """Return what the turns of a conversation have in common: in whatever room, it is the same.

    The id itself, with which its caller may come back, cannot be read off it.
    """
    trace = uuid.uuid5(NAMES, conversation).int
    span = trace & (2**64 - 1)
    flags = TraceFlags(TraceFlags.SAMPLED)
    return set_span_in_context(NonRecordingSpan(SpanContext(trace, span, True, flags)))


class _Watched(SpanExporter):
    """Tells how each export ended."""

    def __init__(self, exporter: SpanExporter, on_sent: OnSent) -> None:
        self._exporter = exporter
        self._on_sent = on_sent

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        self._on_sent(len(spans), result is SpanExportResult.SUCCESS)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


def over_http(endpoint: str, on_sent: OnSent, instance: str = "") -> Traces:
    """Traces that are sent to `endpoint` in batches, from a thread.

    Args:
        endpoint: URL, path included.
        on_sent: Called from that thread with the number of spans, and whether they were taken.
        instance: Which of several pipelines this is.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    # Each failed try would make a line in a format of its own; `on_sent` tells it once.
    logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL)
    exporter = OTLPSpanExporter(endpoint=endpoint, timeout=EXPORT_TIMEOUT_S)
    return Traces(BatchSpanProcessor(_Watched(exporter, on_sent)), instance)
