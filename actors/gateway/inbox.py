"""Messages of one connection, handed on in order as they come off its socket."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from actors.gateway.access.message_meter import MessageKind
from actors.gateway.events import Message

MOST_WAITING_BYTES = 262_144
"""As much as asyncio reads from a socket at once: beyond it the client waits."""

Reader = Callable[[Message], MessageKind | Awaitable[MessageKind]]


class Inbox:
    """Hands messages on without a task for each: a block of sound costs no turn of the loop.

    Args:
        on_message: Takes a message and returns of which kind it was, if need be later: the next
            one waits for it.
        wait_s: Given kind and size of a message, returns how long nothing more is to be read.
        pause: Told whether to read nothing more for now.
    """

    def __init__(
        self,
        on_message: Reader,
        wait_s: Callable[[MessageKind, int], float],
        pause: Callable[[bool], None],
    ) -> None:
        self._on_message = on_message
        self._wait_s = wait_s
        self._pause = pause
        self._waiting: deque[Message] = deque()
        self._waiting_bytes = 0
        self._at_work: asyncio.Task[None] | None = None
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done with what a message ended in that ends the connection."""

    def take(self, message: Message) -> None:
        """Hand a message on, or keep it until those before it are done with."""
        if self.failed.done():
            return
        if self._at_work is not None:
            self._waiting.append(message)
            self._waiting_bytes += len(message)
            if self._waiting_bytes > MOST_WAITING_BYTES:
                self._pause(True)
            return
        try:
            kind = self._on_message(message)
        except Exception as error:  # noqa: BLE001 - the connection ends with it
            self.failed.set_exception(error)
            return
        if not isinstance(kind, MessageKind):
            self._at_work = asyncio.ensure_future(self._go_on(self._settle(message, kind)))
        elif wait_s := self._wait_s(kind, len(message)):
            self._at_work = asyncio.ensure_future(self._go_on(self._rest(wait_s)))

    async def close(self) -> None:
        """Hand nothing more on."""
        self.failed.cancel()
        self._waiting.clear()
        if self._at_work is not None:
            self._at_work.cancel()
            await asyncio.wait([self._at_work])

    async def _go_on(self, first: Awaitable[None]) -> None:
        try:
            await first
            while self._waiting:
                message = self._waiting.popleft()
                self._waiting_bytes -= len(message)
                await self._settle(message, self._on_message(message))
        except Exception as error:  # noqa: BLE001 - the connection ends with it
            if not self.failed.done():
                self.failed.set_exception(error)
        finally:
            self._at_work = None
            self._pause(False)

    async def _settle(self, message: Message, kind: MessageKind | Awaitable[MessageKind]) -> None:
        known = kind if isinstance(kind, MessageKind) else await kind
        if wait_s := self._wait_s(known, len(message)):
            await self._rest(wait_s)

    async def _rest(self, wait_s: float) -> None:
        # Nothing more is read meanwhile: what comes waits with who sends it.
        self._pause(True)
        await asyncio.sleep(wait_s)
