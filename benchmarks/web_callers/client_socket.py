"""The client's end of a WebSocket, for servers that behave: as little as `live_server.socket`."""

from __future__ import annotations

import asyncio
import base64
import os
import time
from collections.abc import Callable

from benchmarks.live_server.socket import (
    BINARY,
    CLOSE,
    FINAL,
    MIDDLE,
    PING,
    PONG,
    SHORT,
    TEXT,
)

MASKED = 0x80
NO_MASK = bytes(4)
"""RFC 6455 asks for a mask and not for which: with this one the payload stays as it is."""

OnMessage = Callable[[str | bytes, int], None]


class ClientSocket(asyncio.Protocol):
    """One connection.

    Args:
        path: What is asked for.
        first: What is sent once the connection is open.
        on_message: Given each message and the monotonic time in ns at which it came.
        on_lost: Called once, when the connection is gone.
    """

    def __init__(
        self, path: str, first: str, on_message: OnMessage, on_lost: Callable[[], None]
    ) -> None:
        self._path = path
        self._first = first
        self._on_message = on_message
        self._on_lost = on_lost
        self._waiting = b""
        self._is_open = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a WebSocket."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        host, port = transport.get_extra_info("peername")[:2]
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def connection_lost(self, _: Exception | None) -> None:
        """Tell who talks."""
        self._on_lost()

    def data_received(self, data: bytes) -> None:
        """Take what is complete, and keep the rest."""
        at_ns = time.monotonic_ns()
        self._waiting += data
        if not self._is_open:
            head, end, rest = self._waiting.partition(b"\r\n\r\n")
            if not end:
                return
            assert b" 101 " in head, head
            self._is_open, self._waiting = True, rest
            self.send(self._first)
        while self._take_frame(at_ns):
            pass

    def send(self, message: str | bytes) -> None:
        """Send a message."""
        if isinstance(message, str):
            self._write(TEXT, message.encode())
        else:
            self._write(BINARY, message)

    def _take_frame(self, at_ns: int) -> bool:
        waiting = self._waiting
        if len(waiting) < 2:
            return False
        size, start = waiting[1], 2
        if size >= SHORT:
            start = 4 if size == SHORT else 10
            if len(waiting) < start:
                return False
            size = int.from_bytes(waiting[2:start], "big")
        if len(waiting) < start + size:
            return False
        payload, self._waiting = waiting[start : start + size], waiting[start + size :]
        opcode = waiting[0] & 0x0F
        if opcode == TEXT:
            self._on_message(payload.decode(), at_ns)
        elif opcode == BINARY:
            self._on_message(payload, at_ns)
        elif opcode == CLOSE:
            self._write(CLOSE, payload)
            assert self.transport is not None
            self.transport.close()
        elif opcode == PING:
            self._write(PONG, payload)
        return bool(self._waiting)

    def _write(self, opcode: int, payload: bytes) -> None:
        assert self.transport is not None
        size = len(payload)
        if size < SHORT:
            head = bytes((FINAL | opcode, MASKED | size))
        elif size < 1 << 16:
            head = bytes((FINAL | opcode, MASKED | SHORT)) + size.to_bytes(2, "big")
        else:
            head = bytes((FINAL | opcode, MASKED | MIDDLE)) + size.to_bytes(8, "big")
        self.transport.write(head + NO_MASK + payload)
