"""A turn as spans."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from threading import Thread
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from pydantic import ValidationError

from actors.services.metrics import Metrics, MetricsOptions
from actors.services.metrics.traces import Traces, context_of
from pipeline.frames import (
    EndReason,
    Outcome,
    Playback,
    PlaybackState,
    SessionOpened,
    SpeechEnded,
    SpeechStarted,
    TurnClosed,
)
from pipeline.testing import ActorHarness, stage
from pipeline.turns.turn_times import TurnTimes

MS = 1_000_000
TURN = "alice:0"
IDS = {"session": "alice", "turn": TURN}


def played(state: PlaybackState, at_ns: int) -> Playback:
    return Playback(**IDS, epoch=0, backend="live", state=state, played_samples=0, at_ns=at_ns)


def closed(outcome: Outcome = Outcome.ANSWERED, **fields: Any) -> TurnClosed:
    return TurnClosed(**IDS, outcome=outcome, said="swordfish", **fields)


def talk(metrics: ActorHarness[Any]) -> None:
    now_ns = time.monotonic_ns()
    metrics.send(
        "speech",
        SpeechStarted(**IDS, position=0, at_ns=now_ns - 900 * MS),
        SpeechEnded(
            **IDS,
            start_position=0,
            position=1,
            at_ns=now_ns - 600 * MS,
            reason=EndReason.SILENCE,
        ),
    )
    metrics.send("playback", played(PlaybackState.STARTED, now_ns + 400 * MS))
    metrics.send("turns", closed(by="live", first_sound_ms=1000.0))
    # The verdict may overtake what it follows from.
    metrics.send("playback", played(PlaybackState.FINISHED, now_ns + 1400 * MS))


def spans(times: TurnTimes, frame: TurnClosed) -> list[ReadableSpan]:
    exporter = InMemorySpanExporter()
    traces = Traces(SimpleSpanProcessor(exporter))
    traces.add(frame, times)
    found = list(exporter.get_finished_spans())
    traces.close()
    return found


def test_a_turn_is_a_span_with_a_child_for_each_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    exporter = InMemorySpanExporter()
    monkeypatch.setattr(
        "actors.services.metrics.traces.over_http", lambda *_: Traces(SimpleSpanProcessor(exporter))
    )
    with stage(Metrics, port=0, otlp_endpoint="http://127.0.0.1:1/v1/traces") as metrics:
        talk(metrics)
        metrics.until(lambda: bool(exporter.get_finished_spans()), "a trace")
        found = {span.name: span for span in exporter.get_finished_spans()}
    turn = found.pop("turn")
    assert list(found) == ["speech", "endpointing", "answer", "playback"]
    assert turn.attributes == {
        "greenroom.turn.outcome": "answered",
        "greenroom.turn.backend": "live",
        "greenroom.turn.first_sound_ms": 1000.0,
    }
    assert turn.context is not None
    assert {span.parent and span.parent.span_id for span in found.values()} == {
        turn.context.span_id
    }
    ends = [(span.start_time, span.end_time) for span in found.values()]
    assert all(before[1] == after[0] for before, after in pairwise(ends))
    assert (turn.start_time, turn.end_time) == (ends[0][0], ends[-1][1])
    assert turn.end_time is not None
    assert turn.start_time is not None
    assert turn.end_time - turn.start_time == pytest.approx(2300 * MS, abs=1)
    assert abs(turn.end_time - time.time_ns()) < 60e9


def test_the_traces_say_neither_words_nor_session() -> None:
    found = spans(TurnTimes(), closed(Outcome.FAILED, reason="swordfish", sent_ns=1))
    text = "".join(span.to_json() for span in found)
    assert "swordfish" not in text
    assert "alice" not in text


def test_a_conversation_is_one_trace_in_whatever_room_its_turns_are() -> None:
    def turn_in(room: str, taken_up: int, conversation: str) -> ReadableSpan:
        exporter = InMemorySpanExporter()
        traces = Traces(SimpleSpanProcessor(exporter), room)
        opened = SessionOpened(session="alice", conversation=conversation, taken_up=taken_up)
        traces.add(closed(sent_ns=1), TurnTimes(), opened)
        (turn,) = exporter.get_finished_spans()
        traces.close()
        return turn

    first, moved = turn_in("blue", 0, "c-4711"), turn_in("green", 1, "c-4711")
    another = turn_in("green", 0, "c-4712")
    assert first.context is not None
    assert moved.context is not None
    assert another.context is not None
    assert first.context.trace_id == moved.context.trace_id != another.context.trace_id
    assert first.context.span_id != moved.context.span_id
    assert [each.resource.attributes["service.instance.id"] for each in (first, moved)] == [
        "blue",
        "green",
    ]
    assert [(each.attributes or {})["greenroom.session.taken_up"] for each in (first, moved)] == [
        0,
        1,
    ]
    assert "4711" not in first.to_json()


def test_a_turn_of_a_session_that_ended_meanwhile_is_in_the_trace_of_its_conversation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exporter = InMemorySpanExporter()
    monkeypatch.setattr(
        "actors.services.metrics.traces.over_http", lambda *_: Traces(SimpleSpanProcessor(exporter))
    )
    with stage(Metrics, port=0, otlp_endpoint="http://127.0.0.1:1/v1/traces") as metrics:
        metrics.open("alice", conversation="c-4711")
        talk(metrics)
        metrics.end("alice")
        metrics.until(lambda: bool(exporter.get_finished_spans()), "a trace")
    traces = {each.context and each.context.trace_id for each in exporter.get_finished_spans()}
    assert traces == {trace.get_current_span(context_of("c-4711")).get_span_context().trace_id}


def test_a_failed_turn_is_an_error_and_lasts_until_it_was_given_up() -> None:
    times = TurnTimes(spoke_ns=0, stopped_ns=100 * MS, asked_ns=200 * MS)
    *_, turn = spans(times, closed(Outcome.FAILED, sent_ns=900 * MS))
    assert turn.status.status_code is StatusCode.ERROR
    assert turn.start_time is not None
    assert turn.end_time == turn.start_time + 900 * MS


@contextmanager
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """An OTLP/HTTP receiver: its URL, and what was posted to it."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/traces", bodies
        finally:
            server.shutdown()
            thread.join()


def test_what_is_not_sent_when_the_actor_stops_is_sent_then() -> None:
    with collector() as (url, bodies):
        with stage(Metrics, port=0, otlp_endpoint=url) as metrics:
            talk(metrics)
        assert b"endpointing" in b"".join(bodies)
    assert metrics.actor.counters["spans_sent"] == 5


def test_what_a_collector_that_is_away_did_not_take_is_counted() -> None:
    with stage(Metrics, port=0, otlp_endpoint="http://127.0.0.1:1/v1/traces") as metrics:
        talk(metrics)
    assert metrics.actor.counters["spans_lost"] == 5


def test_without_an_endpoint_nothing_is_traced() -> None:
    with stage(Metrics, port=0) as metrics:
        talk(metrics)
        assert not metrics.actor._tasks


def test_an_endpoint_is_a_url() -> None:
    with pytest.raises(ValidationError):
        MetricsOptions(otlp_endpoint="127.0.0.1:4318")
