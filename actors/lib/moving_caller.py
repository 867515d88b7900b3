"""A client of a gateway that may be in any room, at any moment, and loses nothing that was said.

It needs `websockets` alone: copy it, if Greenroom is not to be installed beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import websockets

KEPT_BYTES = 10 * 32_000
"""Ten seconds: a room that is gone is noticed after three."""
SILENT_S = 3.0
"""Without a word for so long the gateway, or the network, is gone."""
LEAVE_S = 0.1
"""For the answer to a close: a gateway that is gone gives none, and another one waits."""
PING_S = 1.0
RETRY_S = (0.02, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
"""The first ones: another room may be there, or not know yet that this caller is to go there."""
SCATTER = 0.5
"""Part of that by chance: all callers of a room lose it at once."""
MOVES = "asked to move"
"""Why a connection is left that the gateway asked to leave."""


class AskedToMoveError(Exception):
    """The gateway wants the conversation to go on elsewhere."""


Taken = dict[str, Any] | bytes
"""A message as the gateway sends it, or 24 kHz sound of an answer."""


class MovingCaller:
    """A caller who comes back by itself, to any room.

    Args:
        url: Of the gateway's WebSocket.
        take: Given all that comes.
        lost: Told when a connection is left, and why.
        connect: Makes a connection; None: to the URL, with nothing else to show.
        session: Fields of `start_session`: session_id, voice, language, ...
    """

    def __init__(
        self,
        url: str,
        take: Callable[[Taken], None],
        *,
        lost: Callable[[str], None] = lambda _: None,
        connect: Callable[[], Awaitable[websockets.ClientConnection]] | None = None,
        **session: Any,
    ) -> None:
        self.url = f"{url}?audio=binary"
        self.session = {"session_id": uuid.uuid4().hex, **session}
        self.socket: websockets.ClientConnection | None = None
        self.next = 0
        """Samples that were ever said."""
        self._take = take
        self._lost = lost
        self._connect = connect or self._dial
        self._kept = bytearray()
        self._done = {"sound": 0, "position": 0}
        """The gateway needs nothing before it."""
        self._sent = 0
        self._stirred = asyncio.Event()
        self._failures = 0
        self._is_over = False

    def say(self, pcm: bytes) -> None:
        """Say samples at 16 kHz; they are sent as soon as there is a gateway."""
        self._kept += pcm
        del self._kept[:-KEPT_BYTES]
        self.next += len(pcm) // 2
        self._stirred.set()

    async def send(self, message: str) -> None:
        """Send a message that is not sound; without a gateway it is lost."""
        if self.socket is not None:
            try:
                await self.socket.send(message)
            except websockets.ConnectionClosed:
                return

    def move(self) -> None:
        """Break the connection, as a network that is gone does; `run` makes another one."""
        if self.socket is not None:
            self.socket.transport.abort()

    async def run(self) -> None:
        """Hold the conversation until it has ended, or this is cancelled."""
        while True:
            why = "the connection was lost"
            try:
                await self._hold()
            except* AskedToMoveError:
                why = MOVES
            except* TimeoutError:
                why = f"nothing came for {SILENT_S:g} s"
            except* websockets.ConnectionClosed as closed:
                why = _close_of(closed)
            except* (OSError, websockets.WebSocketException):
                pass
            if self._is_over:
                return
            self._lost(why)
            wait_s = RETRY_S[min(self._failures, len(RETRY_S) - 1)]
            self._failures += 1
            await asyncio.sleep(wait_s * (1 + SCATTER * random.random()))

    async def _dial(self) -> websockets.ClientConnection:
        return await websockets.connect(
            self.url, open_timeout=None, close_timeout=None, ping_interval=None
        )

    async def _hold(self) -> None:
        async with asyncio.timeout(SILENT_S):
            socket = await self._connect()
        try:
            async with asyncio.TaskGroup() as tasks:
                self.socket = socket
                working = [tasks.create_task(self._ping(socket))]
                while not self._is_over:
                    async with asyncio.timeout(SILENT_S):
                        data = await socket.recv()
                    if isinstance(data, bytes):
                        self._take(data)
                        continue
                    message = json.loads(data)
                    kind = message["type"]
                    if kind == "session_started":
                        self._failures, self._sent = 0, message["sound"]
                        if len(working) == 1:
                            working.append(tasks.create_task(self._write(socket)))
                    elif kind == "sound_done":
                        self._done = message
                    self._is_over = kind == "session_ended"
                    self._take(message)
                    if kind == "going_away" and message.get("moves"):
                        raise AskedToMoveError
                for each in working:
                    each.cancel()
        finally:
            self.socket = None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LEAVE_S):
                    await socket.close()
            socket.transport.abort()

    async def _ping(self, socket: websockets.ClientConnection) -> None:
        """Come back to the session, and then ask once a second whether somebody is there."""
        begin = max(self.next - len(self._kept) // 2, self._done["sound"])
        position = self._done["position"] + begin - self._done["sound"]
        sound = {"from": begin, "next": self.next, "position": position}
        await socket.send(json.dumps({"type": "start_session", **self.session, "sound": sound}))
        while True:
            await asyncio.sleep(PING_S)
            await socket.send('{"type": "ping"}')

    async def _write(self, socket: websockets.ClientConnection) -> None:
        """Send what was said and has not gone over this connection."""
        while True:
            self._stirred.clear()
            if self.next > self._sent:
                await socket.send(self._kept[2 * (self._sent - self.next) :])
                self._sent = self.next
            await self._stirred.wait()


def _close_of(group: BaseExceptionGroup[websockets.ConnectionClosed]) -> str:
    """Return how the gateway closed a connection, of the errors that each task met."""
    found: list[BaseException] = [group]
    while found:
        each = found.pop()
        if isinstance(each, BaseExceptionGroup):
            found += each.exceptions
        elif isinstance(each, websockets.ConnectionClosed) and each.rcvd is not None:
            return f"{each.rcvd.code} {each.rcvd.reason}".strip()
    return "1006 the connection was lost"
