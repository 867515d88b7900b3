"""LiveKit Agents behind a WebSocket that is ours: its own way to callers is LiveKit's server.

A session has an input that is fed by the socket and an output that writes to it, both of the kinds
that LiveKit Agents lets anybody write (`livekit.agents.voice.io`).
"""

from __future__ import annotations

import asyncio
import logging

from fastapi import WebSocket, WebSocketDisconnect
from livekit import rtc
from livekit.plugins import silero

from benchmarks.peers.device import Device
from benchmarks.peers.livekit import DEPTH_MS, LiveKitLine, Speaker
from benchmarks.peers.task import Task
from benchmarks.peers.web_server import STARTED, serve


class CallerSpeaker(Speaker):
    """Sends what is played, at the pace of a room's output."""

    def __init__(self, websocket: WebSocket) -> None:
        super().__init__(Device(DEPTH_MS))
        self._websocket = websocket
        self._telling: asyncio.Task[None] | None = None

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await self._websocket.send_bytes(bytes(frame.data))
        await super().capture_frame(frame)

    def clear_buffer(self) -> None:
        super().clear_buffer()
        self._telling = asyncio.create_task(self._websocket.send_text('{"type": "interrupted"}'))


async def converse(websocket: WebSocket, task: Task, key: str) -> None:
    """Serve a caller with a session of its own."""
    line = LiveKitLine(task, key, CallerSpeaker(websocket))
    await line.open()
    await websocket.send_text(STARTED)
    try:
        while True:
            line.hear(await websocket.receive_bytes())
    except WebSocketDisconnect:
        await line.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    LiveKitLine.vad = silero.VAD.load()
    serve(converse)
