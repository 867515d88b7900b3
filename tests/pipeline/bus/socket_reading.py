"""A socket on which numbers come, and who reads them."""

from __future__ import annotations

import asyncio

import zmq

from pipeline.bus.reactor import SocketReader

PATIENCE_S = 20.0


class Reading:
    """Notes what comes, and counts how often all was read."""

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self.got: list[int] = []
        self.drained = 0
        self._changed = asyncio.Event()
        self.reader = SocketReader(socket, self._take, self._on_drained)

    def _take(self, message: list[bytes]) -> None:
        self.got.append(int(message[0]))

    def _on_drained(self) -> None:
        self.drained += 1
        self._changed.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.got) < count:
                self._changed.clear()
                await self._changed.wait()
