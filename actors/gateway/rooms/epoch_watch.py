"""Looks whether another room has taken conversations up that this one still holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

from actors.gateway.rooms.fence import overtaken
from actors.gateway.rooms.lease import LEASE_S, RENEW_S
from actors.gateway.store.database import Database
from actors.gateway.store.errors import DatabaseAwayError
from actors.gateway.store.take_up import epochs_of


class EpochWatch:
    """Looks once a second, and at once when a write of this room was not taken.

    Args:
        database: That the rooms share.
        held: Returns the epoch at which this room has each conversation, by its id.
        on_overtaken: Told the id of one that it has no more.
        is_shared: There are other rooms; if not, it looks only when it is stirred.
    """

    def __init__(
        self,
        database: Database,
        held: Callable[[], Mapping[str, int]],
        on_overtaken: Callable[[str], None],
        *,
        is_shared: bool,
    ) -> None:
        self._database = database
        self._held = held
        self._on_overtaken = on_overtaken
        self._patience_s = RENEW_S if is_shared else None
        self._stirred = asyncio.Event()

    def stir(self) -> None:
        """Look at once."""
        self._stirred.set()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience_s):
                    await self._stirred.wait()
            self._stirred.clear()
            await self.look()

    async def look(self) -> None:
        """Look once."""
        held = dict(self._held())
        if not held:
            return
        try:
            rows = await self._database.run(lambda c: epochs_of(c, held), LEASE_S)
        except DatabaseAwayError:
            return  # What cannot be known now is known when it is back.
        for conversation in overtaken(held, rows):
            self._on_overtaken(conversation)
