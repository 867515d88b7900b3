"""Callers from websites, over the gateway's WebSocket."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import websockets
from helpers import live_sound

from benchmarks.web_room import url_of
from pipeline.testing import RunningPipeline


def address(pipeline: RunningPipeline) -> str:
    return url_of(pipeline).replace("http", "ws", 1) + "/ws/live-audio"


class Site:
    """A website's client."""

    def __init__(self, websocket: websockets.ClientConnection) -> None:
        self._websocket = websocket
        self.told: list[dict[str, Any]] = []
        self.sound = b""

    async def start(self, session: str, **manner: Any) -> None:
        await self._websocket.send(
            json.dumps({"type": "start_session", "session_id": session, **manner})
        )
        await self.until("session_started")

    async def speak(self, recording: str) -> None:
        """Say a recording, in pieces and in time, and send nothing after it."""
        async for piece in live_sound(recording):
            data = base64.b64encode(piece).decode()
            await self._websocket.send(
                json.dumps({"type": "audio_chunk", "data": data, "format": "pcm"})
            )

    async def until(self, kind: str) -> dict[str, Any]:
        """Take what comes until there is a message of a kind."""
        async with asyncio.timeout(60):
            while True:
                message: dict[str, Any] = json.loads(await self._websocket.recv())
                self.told.append(message)
                if message["type"] == "audio":
                    self.sound += base64.b64decode(message["data"])
                if message["type"] == kind:
                    return message

    def words(self, role: str) -> str:
        return "".join(
            each["text"]
            for each in self.told
            if each["type"] == "transcript" and each["role"] == role
        )


async def ask(url: str, session: str, recording: str, **manner: Any) -> tuple[Site, dict[str, Any]]:
    async with websockets.connect(url) as websocket:
        site = Site(websocket)
        await site.start(session, **manner)
        await site.speak(recording)
        closed = await site.until("turn_complete")
        return site, closed
