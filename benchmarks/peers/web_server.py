"""The frame of a peer's WebSocket server: FastAPI on uvicorn, as the examples of both have it.

What is said over the socket is what `web_callers` says to Greenroom's gateway: `start_session`
first, then sound as binary messages both ways, PCM16 at 16 kHz in and 24 kHz out. It runs in the
peer's environment: only what comes with Python, and these two, may be imported here.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import Awaitable, Callable

import uvicorn
from fastapi import FastAPI, WebSocket

from benchmarks.peers.task import KEY, Task

PATH = "/ws/live-audio"
STARTED = '{"type": "session_started"}'
CONNECTIONS_WAITING = 1024
"""Callers who connect at the same moment; a crowd of a hundred does."""

Converse = Callable[[WebSocket, Task, str], Awaitable[None]]
"""Given an accepted socket, the task and the API key; sends `STARTED` when sound may come."""


def serve(converse: Converse) -> None:
    """Do the task on the command line until killed; prints the URL when it serves."""
    task = Task.parse(sys.argv[1])
    app = FastAPI()

    @app.websocket(PATH)
    async def connect(websocket: WebSocket) -> None:
        await websocket.accept()
        session = json.loads(await websocket.receive_text())["session_id"]
        await converse(websocket, task, f"{KEY}-{session}")

    config = uvicorn.Config(app, log_level="error", ws_per_message_deflate=False)
    with socket.create_server(("127.0.0.1", 0), backlog=CONNECTIONS_WAITING) as listening:
        host, port = listening.getsockname()
        print(json.dumps({"url": f"http://{host}:{port}"}), flush=True)
        asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))
