"""A WebSocket of a caller, from its handshake to its end, whatever protocol it speaks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from fastapi import WebSocket, WebSocketDisconnect

from actors.gateway.events import Codec, Message
from actors.gateway.link import ClientLink

MOST_REASON_BYTES = 123
"""RFC 6455, 5.5: what a close frame holds beside its code."""
NORMAL = 1000
"""RFC 6455, 7.4.1: the status of an orderly close."""
FAREWELL_S = 2.0
"""For a client to take what it was sent last: who has not by then, never will."""

Reader = Callable[[Message], Awaitable[None]]


class CloseConnectionError(Exception):
    """What came over the connection ends it.

    Args:
        code: Close code.
        reason: Why, in words.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class ClientConnection:
    """Reads and writes a WebSocket that was accepted.

    Args:
        websocket: The socket.
        codec: How it is told what happens.
    """

    def __init__(self, websocket: WebSocket, codec: Codec) -> None:
        self._websocket = websocket
        self.link = ClientLink(codec, self._send)

    async def serve(self, on_message: Reader, on_closed: Callable[[], Awaitable[None]]) -> None:
        """Hand on what comes until either side closes.

        Args:
            on_message: Takes a message; may raise `CloseConnectionError`.
            on_closed: Called once it is over.
        """
        writer = asyncio.create_task(self.link.run())
        reader = asyncio.create_task(self._read(on_message))
        overrun = asyncio.create_task(self.link.overrun.wait())
        tasks = (writer, reader, overrun)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            await on_closed()
        code, reason = NORMAL, self.link.farewell
        for result in results:
            match result:
                case WebSocketDisconnect():
                    return
                case CloseConnectionError():
                    code, reason = result.code, result.reason
                case Exception():
                    raise result
        short = reason.encode()[:MOST_REASON_BYTES].decode(errors="ignore")
        # The other end may be gone by now, or read nothing.
        with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                await self._websocket.close(code, short)

    async def _send(self, message: Message) -> None:
        if isinstance(message, str):
            await self._websocket.send_text(message)
        else:
            await self._websocket.send_bytes(message)

    async def _read(self, on_message: Reader) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", NORMAL))
            text = message.get("text")
            await on_message(message["bytes"] if text is None else text)
