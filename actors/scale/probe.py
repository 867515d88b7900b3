"""A question to a room over its own port: is it ready, how many talk in it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

PROBE_S = 2.0
"""For an answer: a room that is as busy as it may be has it in 0.1 s."""


async def ask(port: int, path: str, host: str = "127.0.0.1") -> tuple[int, dict[str, Any]]:
    """Return status and answer; 0 and nothing if none comes.

    Args:
        port: Of the room.
        path: `/healthz`, `/readyz`.
        host: Where the room is.
    """
    try:
        async with asyncio.timeout(PROBE_S):
            return await _ask(host, port, path)
    except (OSError, TimeoutError, ValueError, EOFError):
        return 0, {}


async def _ask(host: str, port: int, path: str) -> tuple[int, dict[str, Any]]:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode())
        answer = await reader.read()
    finally:
        writer.close()
    lines, _, body = answer.partition(b"\r\n\r\n")
    return int(lines.split(b" ", 2)[1]), json.loads(body)
