"""Hears at once that a place is free or that something rests, where the database can tell."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from sqlalchemy import URL

from actors.gateway.store.engine import CONNECT_S
from actors.gateway.store.quota_rows import CHANNEL

AGAIN_S = 1.0
"""To listen again after the database went away: it is looked at as often anyway."""
TOGETHER_S = 0.05
"""What is told within this time is looked up once: a room that ends frees all its places."""


class QuotaListener:
    """PostgreSQL tells; SQLite does not, and is asked each second.

    Args:
        url: Of the database.
    """

    def __init__(self, url: URL) -> None:
        self._url = url
        self._told = asyncio.Event()

    async def run(self) -> None:
        """Listen until cancelled."""
        if self._url.get_backend_name() != "postgresql":
            return
        import psycopg

        url = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        while True:
            with suppress(psycopg.Error, OSError):
                connection = await psycopg.AsyncConnection.connect(
                    url, autocommit=True, connect_timeout=CONNECT_S
                )
                async with connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    # What was told before, nobody heard.
                    self._told.set()
                    async for _ in connection.notifies():
                        self._told.set()
            await asyncio.sleep(AGAIN_S)

    def tell(self) -> None:
        """There is news of this process's own."""
        self._told.set()

    async def wait(self, most_s: float) -> None:
        """Return when there is news, or after a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(most_s):
                await self._told.wait()
                await asyncio.sleep(TOGETHER_S)
        self._told.clear()
