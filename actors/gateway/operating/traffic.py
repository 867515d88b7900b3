"""What goes over the port: counted, and written to the access log when it is done."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from actors.gateway.access.presented import without_path_token
from actors.services.metrics.tally import Histogram
from pipeline.logs import Logger

PROBES = ("/healthz", "/readyz", "/-/healthz", "/metrics")
"""Asked every few seconds by machines: not worth a line each."""
UPGRADED = 101
FORBIDDEN = 403
"""What a WebSocket is answered that is closed before it was accepted."""
NO_ANSWER = 499
"""As nginx has it: the client was gone before it was answered."""
GONE = 1006
"""RFC 6455, 7.4.1: the other end is gone without a word."""
EXCHANGE = "greenroom.exchange"
"""In the scope of a WebSocket: its `Exchange`, to be told of messages that go past ASGI."""
IN_TEXT, IN_BINARY, IN_BODY = ("in", "text"), ("in", "binary"), ("in", "body")
OUT_TEXT, OUT_BINARY, OUT_BODY = ("out", "text"), ("out", "binary"), ("out", "body")


@dataclass
class TrafficCounts:
    """What went over the port so far.

    Attributes:
        open: Requests and WebSockets under way, by kind.
        requests: Done, by kind and status.
        closes: WebSockets that ended, by close code.
        messages, sizes: By direction and kind: text, binary, or the body of a request; in bytes.
        seconds: How long requests took.
    """

    open: Counter[str] = field(default_factory=Counter)
    requests: Counter[tuple[str, str]] = field(default_factory=Counter)
    closes: Counter[str] = field(default_factory=Counter)
    messages: Counter[tuple[str, str]] = field(default_factory=Counter)
    sizes: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: Histogram = field(default_factory=Histogram)


@dataclass
class Exchange:
    """A request, or a WebSocket from its handshake to its end."""

    scope: Scope
    totals: TrafficCounts
    begun_s: float = field(default_factory=time.monotonic)
    status: int = NO_ANSWER
    close_code: int = GONE
    messages: Counter[tuple[str, str]] = field(default_factory=Counter)
    sizes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def came(self, message: Message) -> None:
        """Note what the client sent."""
        match message["type"]:
            case "http.request":
                self._count(IN_BODY, len(message.get("body", b"")))
            case "websocket.receive":
                self.handed_over(_data_of(message))
            case "websocket.disconnect":
                self.close_code = message.get("code") or GONE

    def handed_over(self, data: str | bytes) -> None:
        """Note what the client sent over a WebSocket whose messages do not come by ASGI."""
        self._count(IN_TEXT if isinstance(data, str) else IN_BINARY, len(data))

    def sent_at_once(self, data: str | bytes) -> None:
        """Note what it is sent past ASGI."""
        self._count(OUT_TEXT if isinstance(data, str) else OUT_BINARY, len(data))

    def went(self, message: Message) -> None:
        """Note what it is sent."""
        match message["type"]:
            case "http.response.start" | "websocket.http.response.start":
                self.status = message["status"]
            case "http.response.body" | "websocket.http.response.body":
                self._count(OUT_BODY, len(message.get("body", b"")))
            case "websocket.accept":
                self.status = UPGRADED
            case "websocket.send":
                self.sent_at_once(_data_of(message))
            case "websocket.close":
                self.close_code = message.get("code", GONE)
                if self.status != UPGRADED:
                    self.status = FORBIDDEN

    def _count(self, key: tuple[str, str], size: int) -> None:
        # A character of text is counted as one byte: most of it is base64.
        self.messages[key] += 1
        self.sizes[key] += size
        self.totals.messages[key] += 1
        self.totals.sizes[key] += size


class Traffic:
    """Counts what passes, and logs each request and WebSocket once it is done.

    Neither headers nor the query of an address are logged: there keys and tokens are.

    Args:
        app: What serves it.
        counts: Kept up to date.
        log: Of the gateway; None: no access log.
        who: Returns the fields that say who asked, from the scope of a request.
    """

    def __init__(
        self,
        app: ASGIApp,
        counts: TrafficCounts,
        log: Logger | None,
        who: Callable[[Scope], dict[str, Any]],
    ) -> None:
        self._app = app
        self._log = log
        self._who = who
        self.counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on."""
        kind = scope["type"]
        if kind not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        exchange = Exchange(scope, self.counts)
        if kind == "websocket":
            scope[EXCHANGE] = exchange

        async def receive_and_count() -> Message:
            message = await receive()
            exchange.came(message)
            return message

        async def count_and_send(message: Message) -> None:
            exchange.went(message)
            await send(message)

        self.counts.open[kind] += 1
        try:
            await self._app(scope, receive_and_count, count_and_send)
        finally:
            self.counts.open[kind] -= 1
            self._done(kind, exchange)

    def _done(self, kind: str, exchange: Exchange) -> None:
        counts, took_s = self.counts, time.monotonic() - exchange.begun_s
        counts.requests[kind, str(exchange.status)] += 1
        is_socket = exchange.status == UPGRADED
        if is_socket:
            counts.closes[str(exchange.close_code)] += 1
        else:
            counts.seconds.add(took_s)
        path = without_path_token(exchange.scope["path"])
        if self._log is None or (path in PROBES and exchange.status < 400):
            return
        sizes = {f"bytes_{side}": _sum(exchange.sizes, side) for side in ("in", "out")}
        fields: dict[str, Any] = {
            "method": exchange.scope.get("method", "WEBSOCKET"),
            "path": path,
            "status": exchange.status,
            "seconds": round(took_s, 3),
            **sizes,
            **self._who(exchange.scope),
        }
        if is_socket:
            fields["close_code"] = exchange.close_code
            fields |= {f"messages_{side}": _sum(exchange.messages, side) for side in ("in", "out")}
        self._log.info("access", **fields)


def _data_of(message: Message) -> str | bytes:
    data: str | bytes | None = message.get("bytes")
    return (message.get("text") or "") if data is None else data


def _sum(counts: Counter[tuple[str, str]], direction: str) -> int:
    return sum(count for (each, _), count in counts.items() if each == direction)
