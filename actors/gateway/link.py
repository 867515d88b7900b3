"""Messages to one connection, which may be slower than they come."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol

from actors.gateway.events import Codec, Event, Message

NORMAL = 1000
"""RFC 6455, 7.4.1: the status of an orderly close."""
MOST_WAITING_BYTES = 4_000_000
"""A minute of sound in base64: who takes none of it for so long does not listen."""


class CallerLink(Protocol):
    """The way to a caller, whatever is at its other end."""

    joined: bool
    """A session is held over it, or was."""

    def tell(self, event: Event) -> None:
        """Send what happened."""

    def close(self, farewell: str, code: int = NORMAL) -> None:
        """End the connection once what waits is sent.

        Args:
            farewell: Why, in words.
            code: The same for a WebSocket.
        """


def never_at_once(_message: Message) -> bool:
    """Take no message before `send` is called: the connection always has to be waited for."""
    return False


class ClientLink:
    """Sends a caller's events over its connection, in order.

    Args:
        codec: How the protocol of the connection says them.
        send: Sends a message; returns when the connection has taken it.
        send_at_once: Sends a message if that can be done without waiting; returns whether it has.
            A block of sound then costs no task that is woken for it.
    """

    def __init__(
        self,
        codec: Codec,
        send: Callable[[Message], Awaitable[None]],
        send_at_once: Callable[[Message], bool] = never_at_once,
    ) -> None:
        self._codec = codec
        self._send = send
        self._send_at_once = send_at_once
        self._is_sending = False
        """Stays so where sending failed: what comes behind is not to overtake what was lost."""
        self._messages: deque[Message] = deque()
        self._waiting_bytes = 0
        self._stirred = asyncio.Event()
        self._farewell = ""
        self.code = NORMAL
        """With which it was closed from this side."""
        self._closing = False
        self.joined = False
        """A session is held over it, or was."""
        self.overrun = asyncio.Event()
        """The connection takes nothing, and is to be closed without waiting for it."""

    @property
    def farewell(self) -> str:
        """Why it was closed from this side, in words."""
        return self._farewell

    def tell(self, event: Event) -> None:
        """Send what happened."""
        for message in self._codec.encode(event):
            self.send(message)

    def send(self, message: Message) -> None:
        """Send a message of the protocol's own."""
        if self._closing:
            return
        if not self._messages and not self._is_sending and self._send_at_once(message):
            return
        self._messages.append(message)
        self._waiting_bytes += _size(message)
        if self._waiting_bytes > MOST_WAITING_BYTES:
            self._messages.clear()
            self.close("the client does not read what it is sent")
            self.overrun.set()
        self._stirred.set()

    def close(self, farewell: str, code: int = NORMAL) -> None:
        """End the connection once what waits is sent."""
        if not self._closing:
            self._farewell, self.code = farewell, code
            self._closing = True
            self._stirred.set()

    async def run(self) -> None:
        """Send what there is to send, until it is closed."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            while self._messages:
                message = self._messages.popleft()
                self._waiting_bytes -= _size(message)
                self._is_sending = True
                await self._send(message)
                self._is_sending = False
            if self._closing:
                return


def _size(message: Message) -> int:
    """Bytes on the wire: a character of most scripts has three."""
    return len(message) if isinstance(message, bytes) or message.isascii() else 3 * len(message)
