"""Small servers that answer the telephone with a hum."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import numpy as np
import websockets

from actors.lib.audio.g711 import decode, encode, mulaw_codes, mulaw_levels
from actors.lib.audio.pcm import level_dbfs, to_pcm

RATE_HZ = 8_000
QUIET_BLOCKS = 10
"""Of 20 ms: then the person has ended."""

Serve = Callable[[websockets.ServerConnection], Awaitable[None]]


def hum(seconds: float) -> np.ndarray:
    """A tone of 400 Hz."""
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (8_000 * np.sin(2 * np.pi * 400 * times)).astype(np.int16)


class TwilioBot:
    """Hums for a second when the person has ended, and is silent when the person speaks.

    Args:
        answer_s: So long it hums.
        gap_s: In the middle of it nothing is sent for so long; then all is late.
        clears: It throws the rest away if it is interrupted.
    """

    def __init__(self, *, answer_s: float = 1.0, gap_s: float = 0.0, clears: bool = True) -> None:
        self._answer_s = answer_s
        self._gap_s = gap_s
        self._clears = clears
        self.headers: dict[str, str] = {}
        self.path = ""
        self.start: dict[str, Any] = {}
        self.events: list[str] = []
        self.keys = ""
        self.ended = asyncio.Event()

    async def serve(self, websocket: websockets.ServerConnection) -> None:
        """Hold one call."""
        assert websocket.request is not None
        self.headers = {name.lower(): value for name, value in websocket.request.headers.items()}
        self.path = websocket.request.path
        stream, speaking, quiet = "", False, 0
        answering: asyncio.Task[None] | None = None
        try:
            async for message in websocket:
                event = json.loads(message)
                self.events.append(event["event"])
                if event["event"] == "start":
                    self.start = event["start"]
                    stream = event["streamSid"]
                elif event["event"] == "dtmf":
                    self.keys += event["dtmf"]["digit"]
                if event["event"] != "media":
                    continue
                payload = base64.b64decode(event["media"]["payload"])
                if level_dbfs(decode(payload, mulaw_levels())) > -45:
                    quiet = 0
                    if not speaking and answering is not None and self._clears:
                        answering.cancel()
                        await websocket.send(json.dumps({"event": "clear", "streamSid": stream}))
                    speaking = True
                elif speaking and (quiet := quiet + 1) == QUIET_BLOCKS:
                    speaking = False
                    answering = asyncio.create_task(self._answer(websocket, stream))
        except websockets.ConnectionClosedError:
            self.events.append("lost")
        self.ended.set()

    async def _answer(self, websocket: websockets.ServerConnection, stream: str) -> None:
        first, second = np.split(hum(self._answer_s), 2)
        for number, part in enumerate((first, second)):
            payload = base64.b64encode(encode(part, mulaw_codes())).decode()
            for message in (
                {"event": "media", "streamSid": stream, "media": {"payload": payload}},
                {"event": "mark", "streamSid": stream, "mark": {"name": f"part {number}"}},
            ):
                await websocket.send(json.dumps(message))
            if self._gap_s and not number:
                await asyncio.sleep(self._answer_s / 2 + self._gap_s)


@asynccontextmanager
async def serving(serve: Serve, **options: Any) -> AsyncIterator[str]:
    """Serve on a free port; gives the address."""
    async with websockets.serve(serve, "127.0.0.1", 0, **options) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"ws://127.0.0.1:{port}"


class AudioSocketBot:
    """Hums for half a second, is silent in time until a key is pressed, and hangs up."""

    def __init__(self) -> None:
        self.call = b""
        self.keys = ""
        self.heard = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one call."""
        reading = asyncio.create_task(self._read(reader))
        blocks = np.split(hum(0.5), 25)
        began_s = time.monotonic()
        for number in count():
            if self.keys:
                break
            block = blocks[number] if number < len(blocks) else np.zeros(160, np.int16)
            writer.write(b"\x10\x01\x40" + to_pcm(block))
            await asyncio.sleep(began_s + number * 0.02 - time.monotonic())
        writer.write(b"\x00\x00\x00")
        await reading
        writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                kind, *length = await reader.readexactly(3)
                payload = await reader.readexactly(int.from_bytes(bytes(length)))
                if kind == 0x01:
                    self.call = payload
                elif kind == 0x03:
                    self.keys += payload.decode()
                else:
                    self.heard += len(payload)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
