"""HTTP/1.1 over a connection: requests parsed by h11, answered one at a time."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import h11

from .errors import HttpError
from .transport import Connection

# Published limit of a request with inline data.
MAX_BODY_BYTES = 20 * 2**20


@dataclass(frozen=True)
class Request:
    """One complete request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def key(self) -> str:
        """The API key, from the header or the query."""
        return self.headers.get("x-goog-api-key") or self.query.get("key") or ""

    def json(self) -> Any:
        """The body as JSON. Raises HttpError."""
        try:
            return json.loads(self.body or b"{}")
        except ValueError as error:
            message = f"Invalid JSON payload received. {error}"
            raise HttpError(400, "INVALID_ARGUMENT", message) from error


class Responder:
    """Sends the answer to one request, whole or in events."""

    def __init__(self, connection: Connection, state: h11.Connection) -> None:
        self.connection = connection
        self._state = state
        self.status = 0

    def send_json(self, status: int, value: Any) -> None:
        """Sends a whole JSON response."""
        body = json.dumps(value, ensure_ascii=False, indent=2).encode()
        headers = [
            ("Content-Type", "application/json; charset=UTF-8"),
            ("Content-Length", str(len(body))),
        ]
        self._start(status, headers)
        self._write(h11.Data(body))
        self._write(h11.EndOfMessage())

    def start_events(self) -> None:
        """Begins a stream of server-sent events."""
        self._start(200, [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")])

    async def send_event(self, value: Any) -> None:
        """Sends one event, and waits while the client reads more slowly."""
        text = json.dumps(value, ensure_ascii=False)
        self._write(h11.Data(f"data: {text}\r\n\r\n".encode()))
        await self.connection.drained()

    def end(self) -> None:
        """Ends a stream of events."""
        self._write(h11.EndOfMessage())

    def _start(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.status = status
        self._write(h11.Response(status_code=status, headers=headers))

    def _write(self, event: h11.Event) -> None:
        data = self._state.send(event)
        if data:
            self.connection.write(data)


Answer = Callable[[Request, Responder], Awaitable[None]]
Upgrade = Callable[[Connection, bytes], None]


class HttpConnection:
    """Handles a connection until the client closes it or asks for a WebSocket."""

    def __init__(
        self,
        connection: Connection,
        answer: Answer,
        upgrade: Upgrade,
        spawn: Callable[[Any], asyncio.Task[Any]],
    ) -> None:
        self._connection = connection
        self._answer = answer
        self._upgrade = upgrade
        self._spawn = spawn
        self._h11 = h11.Connection(h11.SERVER)
        self._request: h11.Request | None = None
        self._body = bytearray()
        self._received = bytearray()
        self._task: asyncio.Task[None] | None = None

    def receive(self, data: bytes) -> None:
        """Bytes from the connection."""
        if self._request is None:
            self._received += data
        self._h11.receive_data(data)
        self._advance()

    def lost(self) -> None:
        """The connection is gone: whatever is being answered has no reader."""
        if self._task is not None:
            self._task.cancel()

    def _advance(self) -> None:
        try:
            while self._task is None:
                event = self._h11.next_event()
                if event is h11.NEED_DATA or event is h11.PAUSED:
                    return
                if isinstance(event, h11.ConnectionClosed):
                    self._connection.close()
                    return
                if not self._take(event):
                    return
        except h11.RemoteProtocolError:
            self._connection.close()

    def _take(self, event: object) -> bool:
        if isinstance(event, h11.Request):
            headers = {name.decode().lower(): value.decode() for name, value in event.headers}
            if headers.get("upgrade", "").lower() == "websocket":
                self._upgrade(self._connection, bytes(self._received))
                return False
            self._request = event
            self._body.clear()
            self._received.clear()
        elif isinstance(event, h11.Data):
            self._body += event.data
            if len(self._body) > MAX_BODY_BYTES:
                self._connection.close()
                return False
        elif isinstance(event, h11.EndOfMessage):
            self._task = self._spawn(self._respond(self._complete_request()))
        return True

    def _complete_request(self) -> Request:
        assert self._request is not None
        url = urlsplit(self._request.target.decode())
        return Request(
            method=self._request.method.decode(),
            path=url.path,
            query=dict(parse_qsl(url.query)),
            headers={k.decode().lower(): v.decode() for k, v in self._request.headers},
            body=bytes(self._body),
        )

    async def _respond(self, request: Request) -> None:
        responder = Responder(self._connection, self._h11)
        try:
            await self._answer(request, responder)
        except Exception:
            self._connection.abort()
            raise
        self._task = self._request = None
        if self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
            self._h11.start_next_cycle()
            self._advance()
        else:
            self._connection.close()
