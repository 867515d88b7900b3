"""A request over HTTP and the answer to it."""

import asyncio
import json
import sys
from dataclasses import dataclass
from typing import Any

import h11

from actors.backends.gemini.wire import invalid, parse_json
from actors.backends.gemini.wire.stream_form import StreamForm
from actors.simulator.errors import http_preset
from actors.simulator.journal import RequestRecord
from actors.simulator.transport import Connection

# Published limit of a request with inline data; until January 2026 it was 20 MB.
MAX_BODY_BYTES = 100 * 2**20
# How the service answers a preflight; the origin and the headers asked for are repeated.
PREFLIGHT_HEADERS = [
    ("Access-Control-Allow-Methods", "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT"),
    ("Access-Control-Max-Age", "3600"),
]


@dataclass(frozen=True)
class HttpRequest:
    """One complete request. `size` is that of the body in bytes; one too large is not kept."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    size: int

    @property
    def stream_form(self) -> StreamForm:
        """Server-sent events where they are asked for, else a JSON array."""
        return StreamForm.asked(self.query)

    def json(self) -> Any:
        """The body as JSON. Raises Invalid."""
        if self.size > MAX_BODY_BYTES:
            raise invalid(f"Request payload size exceeds the limit: {MAX_BODY_BYTES} bytes.")
        return parse_json(self.body or b"{}")

    def page(
        self, count: int, default: int, most: int = sys.maxsize
    ) -> tuple[slice, dict[str, str]]:
        """Which of so many are asked for, and the token of the next page. Raises HttpError."""
        try:
            size = int(self.query.get("pageSize") or default)
            start = int(self.query.get("pageToken") or 0)
        except ValueError:
            raise http_preset("invalid_argument") from None
        if not 1 <= size <= most or start < 0:
            raise http_preset("invalid_argument")
        end = start + size
        return slice(start, end), {"nextPageToken": str(end)} if end < count else {}


class Responder:
    """Sends the answer to one request, whole or as a stream, and puts its status into `record`."""

    def __init__(self, connection: Connection, state: h11.Connection, request: HttpRequest) -> None:
        self.connection = connection
        self.record: RequestRecord | None = None
        self._state = state
        self._request = request
        self._form = StreamForm.EVENTS
        self._sent = 0

    def send_json(self, status: int, value: Any, more: dict[str, str] | None = None) -> None:
        """Sends a whole JSON response, with `more` headers."""
        body = json.dumps(value, ensure_ascii=False, indent=2).encode()
        headers = [
            ("Content-Type", "application/json; charset=UTF-8"),
            ("Content-Length", str(len(body))),
            *(more or {}).items(),
        ]
        self._start(status, headers)
        if self._request.method != "HEAD":
            self._write(h11.Data(body))
        self._write(h11.EndOfMessage())

    def send_preflight(self) -> None:
        """Tells a browser that the request it asks about may be made."""
        asked = self._request.headers.get("access-control-request-headers")
        allowed = [("Access-Control-Allow-Headers", asked)] if asked else []
        self._start(200, [*PREFLIGHT_HEADERS, *allowed, ("Content-Length", "0")])
        self._write(h11.EndOfMessage())

    def start_stream(self) -> None:
        """Begins a stream of responses, in the form that was asked for."""
        self._form = self._request.stream_form
        self._start(200, [("Content-Type", self._form.value), ("Transfer-Encoding", "chunked")])

    async def send_chunk(self, value: Any) -> None:
        """Sends one response of a stream, and waits while the client reads more slowly."""
        self._write(h11.Data(self._form.piece(value, first=not self._sent)))
        self._sent += 1
        await self.connection.drained()

    def end_stream(self) -> None:
        """Ends a stream of responses."""
        self._write(h11.Data(self._form.end(empty=not self._sent)))
        self._write(h11.EndOfMessage())

    async def withhold(self) -> None:
        """Never answers: the client decides how long it waits. Losing the client cancels this."""
        await asyncio.Event().wait()

    def _start(self, status: int, headers: list[tuple[str, str]]) -> None:
        if self.record is not None:
            # Before it is sent: whoever has read the answer may look at the journal.
            self.record.status = status
        origin = self._request.headers.get("origin")
        # Any origin: the service has no list of them, and no cookies that could be misused.
        shared = [("Access-Control-Allow-Origin", origin)] if origin else []
        all_headers = [*headers, *shared, ("Vary", "Origin")]
        self._write(h11.Response(status_code=status, headers=all_headers))

    def _write(self, event: h11.Event) -> None:
        data = self._state.send(event)
        if data:
            self.connection.write(data)
