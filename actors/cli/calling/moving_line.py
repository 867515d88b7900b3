"""A line that comes back: one conversation over as many WebSockets as it takes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import websockets

from actors.cli.calling.provider_words import ProviderWords, Words
from actors.cli.calling.transports import LineClosedError, refusals, websocket
from actors.lib.moving_caller import MovingCaller, Taken

BACK_S = 60.0
"""Whoever is not back by then has given up: for so long the gateway keeps the place
(`absence_s`)."""
START = "start_session"


class TunnelledConnection(websockets.ClientConnection):
    """A connection through which nothing comes for a while."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._open = asyncio.Event()
        self._open.set()

    async def send(self, message: Any, *, text: bool | None = None) -> None:
        """Send a message, as soon as something comes through."""
        await self._open.wait()
        await super().send(message, text=text)

    def vanish(self, seconds: float) -> None:
        """Let nothing through for so long."""
        self._open.clear()
        self.transport.pause_reading()
        asyncio.get_running_loop().call_later(seconds, self._appear)

    def _appear(self) -> None:
        self._open.set()
        if not self.transport.is_closing():
            self.transport.resume_reading()


Connect = Callable[[], Awaitable[TunnelledConnection]]
Lost = Callable[[str], None]


async def moving(
    url: str, words: ProviderWords, headers: Mapping[str, str], lost: Lost
) -> MovingLine:
    """Connect as a page does.

    Args:
        url: Of the gateway.
        words: Of a website.
        headers: Of the handshake.
        lost: Told when a connection of a conversation that has begun is left, and why.

    Raises:
        CallRefusedError: it cannot be reached, or does not take the call.
    """

    async def connect() -> TunnelledConnection:
        made = await websocket(url, words, headers, TunnelledConnection)
        assert isinstance(made, TunnelledConnection)
        return made

    async with refusals(url):
        return MovingLine(await connect(), connect, lost)


class MovingLine:
    """A `LineSocket` that comes back by itself once the conversation has begun.

    Args:
        first: The connection that there is.
        connect: Makes another one.
        lost: Told when one is left, and why.
    """

    def __init__(self, first: TunnelledConnection, connect: Connect, lost: Lost) -> None:
        self._socket = first
        self._connect = connect
        self._lost = lost
        self._caller: MovingCaller | None = None
        self._holding: asyncio.Task[None] | None = None
        self._came: asyncio.Queue[Words | LineClosedError] = asyncio.Queue()
        self._tunnel_ends_s = 0.0
        self._is_first = True
        self._lost_s: float | None = None
        """Since when there has been no conversation; None: there is."""
        self._has_begun = False
        self._ended = ""
        """Why the conversation is over, as the gateway said it."""

    async def send(self, message: Words) -> None:
        """Send a message; sound that cannot be sent now is sent later."""
        if self._caller is None:
            self._begin(message)
        elif isinstance(message, bytes):
            self._caller.say(message)
        else:
            await self._caller.send(message)

    async def receive(self) -> Words:
        """Wait for a message.

        Raises:
            LineClosedError: there are no more.
        """
        came = await self._came.get()
        if isinstance(came, LineClosedError):
            raise came
        return came

    async def close(self) -> None:
        """End the connection, and come back no more."""
        if self._holding is None:
            await self._socket.close()
            return
        self._holding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._holding

    def abort(self) -> None:
        """Break the connection off, as a network does, and come back no more."""
        if self._holding is not None:
            self._holding.cancel()
        self._socket.transport.abort()

    def freeze(self) -> None:
        """Take and give nothing any more."""
        self.vanish(BACK_S)

    def cut(self) -> None:
        """Break the connection off, as a network does; another one is made."""
        self._socket.transport.abort()

    def vanish(self, seconds: float) -> None:
        """Let nothing through for so long, and make no connection."""
        self._tunnel_ends_s = time.monotonic() + seconds
        self._socket.vanish(seconds)

    def _begin(self, message: Words) -> None:
        session = json.loads(message)
        assert session.pop("type") == START
        self._caller = MovingCaller(
            "", self._take, lost=self._on_lost, connect=self._connected, **session
        )
        self._holding = asyncio.create_task(self._hold(self._caller))

    async def _hold(self, caller: MovingCaller) -> None:
        await caller.run()
        self._end(self._ended)

    async def _connected(self) -> TunnelledConnection:
        if not self._is_first:
            await asyncio.sleep(self._tunnel_ends_s - time.monotonic())
            self._socket = await self._connect()
        self._is_first = False
        return self._socket

    def _take(self, message: Taken) -> None:
        if isinstance(message, bytes):
            self._came.put_nowait(message)
            return
        if message["type"] == "session_started":
            self._has_begun, self._lost_s = True, None
        elif message["type"] == "session_ended":
            self._ended = f"{message['reason']}: {message['detail']}"
        self._came.put_nowait(json.dumps(message))

    def _on_lost(self, why: str) -> None:
        now_s = time.monotonic()
        if self._lost_s is None:
            self._lost_s = now_s
            if self._has_begun:
                self._lost(why)
        # Who is not let in at first is not let in; who was in comes back.
        if not self._has_begun or now_s - self._lost_s > BACK_S:
            self._end(why)

    def _end(self, why: str) -> None:
        self._came.put_nowait(LineClosedError(why))
        if self._holding is not None:
            self._holding.cancel()
