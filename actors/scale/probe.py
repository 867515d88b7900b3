"""A question to a room over its own port: is it ready, how many talk in it."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import httpx2

PROBE_S = 2.0
"""For an answer: a room that is as busy as it may be has it in 0.1 s."""
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Rooms are asked without TLS: to read certificates takes longer than all else here."""


async def ask(port: int, path: str, host: str = "127.0.0.1") -> tuple[int, dict[str, Any]]:
    """Return status and answer; 0 and nothing if none comes.

    Args:
        port: Of the room.
        path: `/healthz`, `/readyz`.
        host: Where the room is.
    """
    url = httpx2.URL(scheme="http", host=host, port=port, path=path)
    try:
        async with (
            asyncio.timeout(PROBE_S),
            httpx2.AsyncClient(trust_env=False, verify=NO_CERTIFICATES) as client,
        ):
            answer = await client.get(url)
            return answer.status_code, answer.json()
    except (httpx2.HTTPError, TimeoutError, ValueError):
        return 0, {}
