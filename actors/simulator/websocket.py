"""A WebSocket over a connection: frames by websockets' sans-IO protocol, messages to a callback."""

import asyncio
import http
import json
import logging
from collections.abc import Callable
from typing import Any, Protocol

from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol

from actors.backends.gemini.wire import encode_message
from actors.backends.gemini.wire.http_error import HttpError
from actors.simulator.errors import Close
from actors.simulator.transport import Connection

# More than any history or picture a client has reason to send in one message.
MAX_MESSAGE_BYTES = 32 * 2**20
# A client that does not answer a close frame is dropped after this, as the service does.
CLOSE_TIMEOUT_S = 2.0

_logger = logging.getLogger(__name__)


class MessageHandler(Protocol):
    """What speaks the Live protocol over a WebSocket."""

    def message(self, data: bytes) -> None:
        """Takes one text or binary message."""

    def closed(self, by: str, code: int, reason: str) -> None:
        """The socket is closed; `by` is `client`, `server` or `network`."""


class WebSocket:
    """The server's end of one WebSocket. All methods return at once."""

    def __init__(self, connection: Connection, accepted: Callable[[Request], None]) -> None:
        self._connection = connection
        self._protocol = ServerProtocol(max_size=MAX_MESSAGE_BYTES, logger=_logger)
        self._accepted = accepted
        self._fragments: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None
        self._reported = False
        self.handler: MessageHandler | None = None

    @property
    def open(self) -> bool:
        """Whether messages can be sent."""
        return self._protocol.state is State.OPEN and self._connection.open

    def receive(self, data: bytes) -> None:
        """Bytes from the connection."""
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._accepted(event)
            elif isinstance(event, Frame):
                self._frame(event)
        self._flush()

    def lost(self) -> None:
        """The connection is gone."""
        if self._timer is not None:
            self._timer.cancel()
        sent = self._protocol.close_sent
        if sent is not None:
            # Only the parser closes without our asking, because of what the client sent.
            self._report("server", sent.code, sent.reason)
        else:
            self._report("network", 1006, "")

    def accept(self, request: Request) -> None:
        """Completes the handshake."""
        self._protocol.send_response(self._protocol.accept(request))
        self._flush()

    def refuse(self, error: HttpError) -> None:
        """Answers the handshake with an HTTP error."""
        body = json.dumps(error.body(), indent=2).encode()
        phrase = http.HTTPStatus(error.code).phrase
        headers = Headers(
            [
                ("Content-Type", "application/json; charset=UTF-8"),
                ("Content-Length", str(len(body))),
                ("Connection", "close"),
            ]
        )
        self._protocol.send_response(Response(error.code, phrase, headers, body))
        self._flush()

    def break_handshake(self, data: bytes) -> None:
        """Answers the handshake with bytes that are no HTTP, and closes."""
        self._connection.write(data)
        self._connection.close()

    def send(self, message: dict[str, Any]) -> None:
        """Sends a message as a binary frame, unless the socket is closing."""
        self.send_bytes(encode_message(message))

    def send_bytes(self, data: bytes, text: bool = False) -> None:
        """Sends raw content, whatever it is."""
        if not self.open:
            return
        if text:
            self._protocol.send_text(data)
        else:
            self._protocol.send_binary(data)
        self._flush()

    def close(self, close: Close) -> None:
        """Starts the closing handshake."""
        if not self.open:
            return
        self._protocol.send_close(close.code, close.reason)
        self._flush()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(CLOSE_TIMEOUT_S, self._connection.abort)
        self._report("server", close.code, close.reason)

    async def drained(self) -> None:
        """Waits while the client reads more slowly than we write."""
        await self._connection.drained()

    def reset(self) -> None:
        """Breaks the connection with RST."""
        self._connection.reset()
        self._report("network", 1006, "")

    def vanish(self) -> None:
        """Neither reads nor writes any more."""
        self._connection.vanish()

    def _frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE:
            if self._protocol.close_rcvd_then_sent:
                received = self._protocol.close_rcvd
                assert received is not None
                self._report("client", received.code, received.reason)
            return
        if frame.opcode not in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}:
            return
        data = bytes(frame.data)
        if not frame.fin or frame.opcode is Opcode.CONT:
            self._fragments.append(data)
            if not frame.fin:
                return
            data = b"".join(self._fragments)
            self._fragments.clear()
        if self.handler is not None and self._protocol.state is State.OPEN:
            self.handler.message(data)

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._connection.write(data)
            else:
                self._connection.close()

    def _report(self, by: str, code: int, reason: str) -> None:
        if not self._reported and self.handler is not None:
            self._reported = True
            self.handler.closed(by, code, reason)
