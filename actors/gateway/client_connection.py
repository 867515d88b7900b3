"""A WebSocket of a caller, from its handshake to its end, whatever protocol it speaks."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

from fastapi import WebSocket, WebSocketDisconnect

from actors.backends.gemini.wire import cut_reason
from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.access.message_meter import MessageKind, MessageMeter
from actors.gateway.caller_socket import FAREWELL_S, CallerSocket
from actors.gateway.events import Codec, Message, Problem
from actors.gateway.inbox import Inbox, Reader
from actors.gateway.link import NORMAL, ClientLink
from actors.gateway.operating.traffic import EXCHANGE, Exchange

SLOWED_TOLD_S = 10.0
"""A client that sends too fast is told so, but no more often."""


class ClientConnection:
    """Reads and writes a WebSocket that was accepted.

    Args:
        websocket: The socket.
        codec: How it is told what happens.
        meter: How fast it may send.
        first_s: Without a session for so long it is closed.
        lasts_s: So long it may be open at all; None: no limit.
        close_of: With which code and reason it is closed for an error that is the client's;
            raises any other.
        on_slowed: Called when it is read more slowly than it sends.
        on_denied: Called when it is closed by a limit.
    """

    def __init__(
        self,
        websocket: WebSocket,
        codec: Codec,
        meter: MessageMeter,
        *,
        first_s: float,
        lasts_s: float | None,
        close_of: Callable[[Exception], tuple[int, str]],
        on_slowed: Callable[[], None],
        on_denied: Callable[[Denial], None],
    ) -> None:
        self._websocket = websocket
        self._socket = CallerSocket.of(websocket.scope)
        self._exchange: Exchange = websocket.scope[EXCHANGE]
        self._meter = meter
        self._first_s = first_s
        self._lasts_s = lasts_s
        self._close_of = close_of
        self._on_slowed = on_slowed
        self._on_denied = on_denied
        self._slowed_told_s = -SLOWED_TOLD_S
        self.link = ClientLink(codec, self._send, self._send_at_once)

    async def serve(self, on_message: Reader, on_closed: Callable[[], Awaitable[None]]) -> None:
        """Hand on what comes until either side closes.

        Args:
            on_message: Takes a message and returns of which kind it was; may raise what
                `close_of` knows.
            on_closed: Called once it is over.
        """
        inbox = Inbox(on_message, self._wait_s, self._socket.pause)
        writer = asyncio.create_task(self.link.run())
        reader = asyncio.create_task(self._read(inbox))
        overrun = asyncio.create_task(self.link.overrun.wait())
        limit: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        tasks = (writer, reader, overrun, limit, inbox.failed)
        timers = self._timers(limit)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for timer in timers:
                timer.cancel()
            await inbox.close()
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            await on_closed()
        code, reason = self.link.code, self.link.farewell
        for result in results:
            match result:
                case WebSocketDisconnect():
                    return
                case Exception():
                    code, reason = self._close_of(result)
        # The other end may be gone by now, or read nothing.
        with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                await self._websocket.close(code, cut_reason(reason))

    def _send_at_once(self, message: Message) -> bool:
        is_sent = self._socket.send_at_once(message)
        if is_sent:
            self._exchange.sent_at_once(message)
        return is_sent

    async def _send(self, message: Message) -> None:
        if isinstance(message, str):
            await self._websocket.send_text(message)
        else:
            await self._websocket.send_bytes(message)

    def _timers(self, limit: asyncio.Future[None]) -> list[asyncio.TimerHandle]:
        def deny(denial: Denial, detail: str) -> None:
            if not limit.done():
                self._on_denied(denial)
                limit.set_exception(AccessDeniedError(denial, detail))

        def is_idle() -> None:
            if not self.link.joined:
                deny(Denial.SILENT, f"no session was begun in {self._first_s:g} s")

        loop = asyncio.get_running_loop()
        timers = [loop.call_later(self._first_s, is_idle)]
        if self._lasts_s is not None:
            expired = "the token has expired: have another one minted, and come back"
            timers.append(
                loop.call_later(self._lasts_s, lambda: deny(Denial.TOKEN_EXPIRED, expired))
            )
        return timers

    async def _read(self, inbox: Inbox) -> None:
        exchange = self._exchange

        def take(message: Message) -> None:
            exchange.handed_over(message)
            inbox.take(message)

        self._socket.hand_over(take, self._slow)
        message = await self._websocket.receive()
        raise WebSocketDisconnect(message.get("code", NORMAL))

    def _wait_s(self, kind: MessageKind, size: int) -> float:
        wait_s = self._meter.wait_s(kind, size, time.monotonic())
        if wait_s:
            self._slow()
        return wait_s

    def _slow(self) -> None:
        self._on_slowed()
        now_s = time.monotonic()
        if now_s - self._slowed_told_s >= SLOWED_TOLD_S:
            self._slowed_told_s = now_s
            self.link.tell(
                Problem("you send faster than is taken, and are read more slowly", "too_fast")
            )
