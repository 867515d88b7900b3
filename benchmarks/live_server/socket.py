"""The server's end of a WebSocket, for clients that behave: little more than what RFC 6455 asks.

A library takes about twice the processor time for each message.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

from websockets.speedups import apply_mask

ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, section 1.3."""
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
"""Opcodes, RFC 6455, section 5.2."""
FINAL = 0x80
SHORT, MIDDLE = 126, 127
"""Lengths from which the length is written in two bytes, and in eight."""


class Conversation(Protocol):
    """What is said over a socket."""

    def on_message(self, message: bytes, at_ns: int) -> None:
        """Take a message that came at this monotonic time."""

    def lost(self) -> None:
        """Know that the socket is closed."""


class Page(NamedTuple):
    """The answer to a request that is not for a WebSocket."""

    body: bytes
    content_type: str = "application/json"


Respond = Callable[[str, bytes], Page]
"""Called with the path of a request and its body."""


class LiveSocket(asyncio.Protocol):
    """One connection: first HTTP, and then, if that is asked for, a WebSocket."""

    def __init__(
        self,
        converse: Callable[[LiveSocket, dict[str, str]], Conversation],
        respond: Respond,
    ) -> None:
        """`converse` gets the fields of the request; `respond` answers any other request."""
        self._converse = converse
        self._respond = respond
        self._waiting = b""
        self._conversation: Conversation | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note where to write."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        """Tell who talked."""
        if self._conversation is not None:
            self._conversation.lost()

    def data_received(self, data: bytes) -> None:
        """Take what is complete, and keep the rest."""
        at_ns = time.monotonic_ns()
        self._waiting += data
        while self._take_frame(at_ns) if self._conversation else self._take_request():
            pass

    def send(self, message: bytes) -> None:
        """Send a message, as the service does: in a binary frame."""
        self._write(BINARY, message)

    def close(self, code: int, reason: str) -> None:
        """Send a close frame; the client closes the connection."""
        self._write(CLOSE, code.to_bytes(2, "big") + reason.encode())

    def _take_request(self) -> bool:
        head, end, rest = self._waiting.partition(b"\r\n\r\n")
        if not end or self._transport is None:
            return False
        lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value for name, _, value in (s.partition(": ") for s in lines[1:])}
        key = fields.get("sec-websocket-key")
        length = int(fields.get("content-length", "0"))
        if len(rest) < length:
            return False
        body, self._waiting = rest[:length], rest[length:]
        if key is None:
            page = self._respond(lines[0].split(" ")[1], body)
            told = f"Content-Type: {page.content_type}\r\nContent-Length: {len(page.body)}"
            self._transport.write(f"HTTP/1.1 200 OK\r\n{told}\r\n\r\n".encode() + page.body)
            return bool(self._waiting)
        accept = base64.b64encode(hashlib.sha1((key + ACCEPT_GUID).encode()).digest()).decode()
        self._transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        self._conversation = self._converse(self, fields)
        return bool(self._waiting)

    def _take_frame(self, at_ns: int) -> bool:
        waiting = self._waiting
        if len(waiting) < 2:
            return False
        size, start = waiting[1] & 0x7F, 2
        if size >= SHORT:
            start = 4 if size == SHORT else 10
            if len(waiting) < start:
                return False
            size = int.from_bytes(waiting[2:start], "big")
        start += 4
        if len(waiting) < start + size:
            return False
        payload = apply_mask(waiting[start : start + size], waiting[start - 4 : start])
        self._waiting = waiting[start + size :]
        self._on_frame(waiting[0] & 0x0F, payload, at_ns)
        return bool(self._waiting)

    def _on_frame(self, opcode: int, payload: bytes, at_ns: int) -> None:
        if opcode in {TEXT, BINARY}:
            assert self._conversation is not None
            self._conversation.on_message(payload, at_ns)
        elif opcode == PING:
            self._write(PONG, payload)
        elif opcode == CLOSE and self._transport is not None:
            self._write(CLOSE, payload)
            self._transport.close()

    def _write(self, opcode: int, payload: bytes) -> None:
        assert self._transport is not None
        size = len(payload)
        if size < SHORT:
            head = bytes((FINAL | opcode, size))
        elif size < 1 << 16:
            head = bytes((FINAL | opcode, SHORT)) + size.to_bytes(2, "big")
        else:
            head = bytes((FINAL | opcode, MIDDLE)) + size.to_bytes(8, "big")
        self._transport.write(head + payload)
