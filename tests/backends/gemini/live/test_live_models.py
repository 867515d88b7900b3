"""The list of models, when nobody waits for it any more."""

from __future__ import annotations

import asyncio
import gc
import warnings
from pathlib import Path

from live_server import KEY, simulator

from actors.backends.gemini.models import list_models
from actors.backends.gemini.server import Server, make_client

STEPS = range(1, 60, 3)
"""Turns of the event loop after which the request is given up: the handshake is among them."""


async def give_up_after(steps: int, server: Server) -> None:
    client = make_client(server, KEY, {})
    listing = asyncio.ensure_future(list_models(client))
    for _ in range(steps):
        await asyncio.sleep(0)
    listing.cancel()
    await asyncio.gather(listing, return_exceptions=True)
    await client.aio.aclose()
    client.close()


def test_giving_up_at_any_moment_leaves_no_socket(tmp_path: Path) -> None:
    with simulator(tmp_path) as simulated, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        server = Server((KEY,), **simulated.address)
        for steps in STEPS:
            asyncio.run(give_up_after(steps, server))
            gc.collect()
    assert [str(each.message) for each in caught if each.category is ResourceWarning] == []
