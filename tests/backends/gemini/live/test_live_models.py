"""Requests over HTTP, when nobody waits for them any more."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from live_server import KEY, simulator

from actors.backends.gemini.models import list_models
from actors.backends.gemini.server import Server, make_client

if TYPE_CHECKING:
    from google.genai import Client

Ask = Callable[["Client"], Awaitable[Any]]

STEPS = range(1, 60, 3)
"""Turns of the event loop after which the request is given up: the handshake is among them."""


async def ask(client: Client) -> None:
    asked = {"model": "gemini-3.8-flash", "contents": "Hello."}
    async for _ in await client.aio.models.generate_content_stream(**asked):
        pass


async def give_up_after(steps: int, server: Server, request: Ask) -> None:
    client = make_client(server, KEY, {})
    asking = asyncio.ensure_future(request(client))
    for _ in range(steps):
        await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await client.aio.aclose()
    client.close()


@pytest.mark.parametrize("request_", [list_models, ask])
def test_giving_up_at_any_moment_leaves_no_socket(tmp_path: Path, request_: Ask) -> None:
    with simulator(tmp_path) as simulated, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        server = Server((KEY,), **simulated.address)
        for steps in STEPS:
            asyncio.run(give_up_after(steps, server, request_))
            gc.collect()
    assert [str(each.message) for each in caught if each.category is ResourceWarning] == []
