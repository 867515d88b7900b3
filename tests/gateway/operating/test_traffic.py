"""What is counted of requests and sockets, and what the access log says of them: no secrets."""

from __future__ import annotations

import asyncio
import urllib.request
from typing import Any

import pytest
from gateway_client import gateway_on_stage
from starlette.types import Message, Receive, Scope, Send

from actors.gateway.operating.traffic import Traffic, TrafficCounts


class Lines:
    """A log that remembers."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def info(self, _event: str, **fields: Any) -> None:
        self.lines.append(fields)


def pass_through(
    scope: dict[str, Any], incoming: list[Message], outgoing: list[Message], error: str = ""
) -> tuple[Traffic, list[dict[str, Any]]]:
    """Let an exchange pass; return what was counted, and what was logged."""
    waiting = iter(incoming)

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        for _ in incoming:
            await receive()
        for message in outgoing:
            await send(message)
        if error:
            raise RuntimeError(error)

    async def receive() -> Message:
        return next(waiting)

    async def send(_message: Message) -> None:
        return

    log: Any = Lines()
    traffic = Traffic(
        app, TrafficCounts(), log, lambda scope: {"credential": scope.get("principal", "")}
    )

    async def serve() -> None:
        await traffic(scope, receive, send)

    if error:
        with pytest.raises(RuntimeError, match=error):
            asyncio.run(serve())
    else:
        asyncio.run(serve())
    return traffic, log.lines


def request(path: str = "/api/v1/live-audio/sessions") -> dict[str, Any]:
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"key=a-secret",
        "headers": [(b"authorization", b"Bearer a-secret")],
        "principal": "k7",
    }


def answer(status: int) -> list[Message]:
    return [
        {"type": "http.response.start", "status": status},
        {"type": "http.response.body", "body": b"12345"},
    ]


def test_a_request_is_a_line_without_its_query_and_headers() -> None:
    asked = [{"type": "http.request", "body": b"123"}]
    traffic, (line,) = pass_through(request(), asked, answer(200))
    assert line.pop("seconds") >= 0
    assert line == {
        "method": "GET",
        "path": "/api/v1/live-audio/sessions",
        "status": 200,
        "bytes_in": 3,
        "bytes_out": 5,
        "credential": "k7",
    }
    assert traffic.counts.requests == {("http", "200"): 1}
    assert sum(traffic.counts.seconds.counts) == 1
    assert traffic.counts.open["http"] == 0


def test_a_socket_is_one_line_with_its_messages_and_how_it_was_closed() -> None:
    incoming = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "hello"},
        {"type": "websocket.receive", "bytes": b"1234567890", "text": None},
        {"type": "websocket.disconnect", "code": 1001},
    ]
    outgoing = [{"type": "websocket.accept"}, {"type": "websocket.send", "bytes": b"12"}]
    scope = {"type": "websocket", "path": "/ws/live-audio"}
    traffic, (line,) = pass_through(scope, incoming, outgoing)
    assert (line["status"], line["close_code"], line["method"]) == (101, 1001, "WEBSOCKET")
    assert (line["messages_in"], line["bytes_in"]) == (2, 15)
    assert (line["messages_out"], line["bytes_out"]) == (1, 2)
    counts = traffic.counts
    assert counts.closes == {"1001": 1}
    assert counts.sizes == {("in", "text"): 5, ("in", "binary"): 10, ("out", "binary"): 2}
    assert sum(counts.seconds.counts) == 0


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ([{"type": "websocket.close", "code": 1008}], 403),
        ([{"type": "websocket.http.response.start", "status": 429}], 429),
    ],
)
def test_a_socket_that_was_refused_says_with_what(sent: list[Message], status: int) -> None:
    scope = {"type": "websocket", "path": "/"}
    traffic, (line,) = pass_through(scope, [{"type": "websocket.connect"}], sent)
    assert line["status"] == status
    assert "close_code" not in line
    assert not traffic.counts.closes


def test_who_is_gone_before_the_answer_is_told_apart() -> None:
    _, (line,) = pass_through(request(), [{"type": "http.disconnect"}], [])
    assert line["status"] == 499


def test_what_fails_is_logged_too() -> None:
    traffic, (line,) = pass_through(request(), [], [], error="broken")
    assert line["status"] == 499
    assert traffic.counts.open["http"] == 0


@pytest.mark.parametrize(("status", "lines"), [(200, 0), (503, 1)])
def test_probes_are_logged_only_if_they_fail(status: int, lines: int) -> None:
    _, logged = pass_through(request("/readyz"), [], answer(status))
    assert len(logged) == lines


def test_messages_that_come_past_asgi_are_counted() -> None:
    with gateway_on_stage() as gateway:
        client = gateway.connect()
        gateway.start(client)
        gateway.meanwhile(lambda: client.send(bytes(640)))
        gateway.tell(client, type="audio_end")
        gateway.meanwhile(client.close)

        def metrics() -> str:
            with urllib.request.urlopen(f"http://{gateway.url}/metrics", timeout=20) as response:
                told: str = response.read().decode()
            return told

        told = gateway.meanwhile(metrics)
    assert 'greenroom_gateway_bytes_total{direction="in",kind="binary"} 640.0' in told
    # The beginning of the session, the end of the sound, and the ping that is sent after it.
    assert 'greenroom_gateway_messages_total{direction="in",kind="text"} 3.0' in told
