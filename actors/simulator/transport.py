"""One accepted TLS connection, with the ways in which a connection can break."""

import asyncio
import socket
import struct
from typing import Protocol

# SO_LINGER switched on with a time of zero makes close() send RST instead of FIN.
_LINGER_ZERO = struct.pack("ii", 1, 0)


class ByteHandler(Protocol):
    """What speaks a protocol over a connection."""

    def receive(self, data: bytes) -> None:
        """Takes bytes from the client."""

    def lost(self) -> None:
        """The connection is gone."""


class Connection(asyncio.Protocol):
    """Bytes in and out; the handler may be exchanged, as at a WebSocket upgrade."""

    def __init__(self, connections: set["Connection"]) -> None:
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._vanished = False
        self._writable = asyncio.Event()
        self._writable.set()
        self.closed = asyncio.Event()
        self.handler: ByteHandler | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        if self.handler is not None and not self._vanished:
            self.handler.receive(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        self._writable.set()
        self.closed.set()
        if self.handler is not None:
            self.handler.lost()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    @property
    def open(self) -> bool:
        """Whether bytes can still be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Sends bytes unless the connection is closed or has vanished."""
        if self._transport is not None and self.open and not self._vanished:
            self._transport.write(data)

    async def drained(self) -> None:
        """Waits while the client reads more slowly than we write."""
        await self._writable.wait()

    def close(self) -> None:
        """Closes after everything written has been sent."""
        if self._transport is not None and not self._vanished:
            self._transport.close()

    def abort(self) -> None:
        """Closes at once."""
        if self._transport is not None:
            self._transport.abort()

    def reset(self) -> None:
        """Closes with RST, as a crashed peer or a NAT that forgot the connection does."""
        if self._transport is None:
            return
        raw: socket.socket | None = self._transport.get_extra_info("socket")
        if raw is not None and self.open:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        self._transport.abort()

    def vanish(self) -> None:
        """Neither reads nor writes any more; the socket stays open until the server stops."""
        if self._transport is not None and self.open and not self._vanished:
            self._vanished = True
            self._transport.pause_reading()
