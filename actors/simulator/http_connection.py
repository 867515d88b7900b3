"""HTTP/1.1 over a connection: requests parsed by h11, answered one at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

import h11

from actors.simulator.http_messages import MAX_BODY_BYTES, HttpRequest, Responder
from actors.simulator.transport import Connection

Answer = Callable[[HttpRequest, Responder], Awaitable[None]]
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
        self._body_size = 0
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
                if not self._on_event(event):
                    return
        except h11.RemoteProtocolError as error:
            self._refuse(error.error_status_hint)

    def _refuse(self, status: int) -> None:
        """Answers what is no HTTP, unless an answer has begun, and closes."""
        if self._h11.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            headers = [("Content-Length", "0"), ("Connection", "close")]
            for event in (h11.Response(status_code=status, headers=headers), h11.EndOfMessage()):
                self._connection.write(self._h11.send(event) or b"")
        self._connection.close()

    def _on_event(self, event: object) -> bool:
        if isinstance(event, h11.Request):
            headers = _headers(event)
            if headers.get("upgrade", "").lower() == "websocket":
                self._upgrade(self._connection, bytes(self._received))
                return False
            self._request = event
            self._body.clear()
            self._body_size = 0
            self._received.clear()
            if self._h11.they_are_waiting_for_100_continue:
                self._answer_expectation(int(headers.get("content-length", 0)))
        elif isinstance(event, h11.Data):
            # A client that writes before it reads must be let finish, or it never sees the answer.
            self._body_size += len(event.data)
            if self._body_size <= MAX_BODY_BYTES:
                self._body += event.data
            else:
                self._body.clear()
        elif isinstance(event, h11.EndOfMessage):
            self._start_answer()
        return True

    def _answer_expectation(self, announced: int) -> None:
        if announced > MAX_BODY_BYTES:
            self._body_size = announced
            self._start_answer()
            return
        go_on = self._h11.send(h11.InformationalResponse(status_code=100, headers=[]))
        if go_on:
            self._connection.write(go_on)

    def _start_answer(self) -> None:
        self._task = self._spawn(self._respond(self._complete_request()))

    def _complete_request(self) -> HttpRequest:
        assert self._request is not None
        path, _, query = self._request.target.decode().partition("?")
        return HttpRequest(
            method=self._request.method.decode(),
            path=path,
            query=dict(parse_qsl(query)),
            headers=_headers(self._request),
            body=bytes(self._body),
            size=self._body_size,
        )

    async def _respond(self, request: HttpRequest) -> None:
        responder = Responder(self._connection, self._h11, request)
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


def _headers(request: h11.Request) -> dict[str, str]:
    return {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers
    }
