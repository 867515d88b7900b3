"""What a gateway keeps in its database, and knows of other rooms by it: rows, lease, quota."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Self

from actors.gateway.callers import Callers
from actors.gateway.options import GatewayOptions
from actors.gateway.rooms.room import GatewayRoom
from actors.gateway.rooms.room_keeper import RoomKeeper
from actors.gateway.rooms.room_quota import RoomQuota
from actors.gateway.store.caller_store import CallerStore, room_times
from actors.gateway.store.database import Database
from actors.gateway.store.room_rows import RoomClaim
from actors.gateway.store.url import database_url
from actors.lib.this_pipeline import pipeline_id
from actors.services.budget.prices import load_prices
from pipeline.logs import Logger
from pipeline.surroundings import Surroundings
from pipeline.version import VERSION


@dataclass(frozen=True)
class SharedState:
    """One database, and all that is done with it.

    Attributes:
        database: The gateway's own, or that of all rooms.
        store: Rows of conversations.
        keeper: The room's lease.
        quota: Places of callers in the projects of the service.
    """

    database: Database
    store: CallerStore
    keeper: RoomKeeper
    quota: RoomQuota

    @classmethod
    def open(
        cls,
        options: GatewayOptions,
        around: Surroundings,
        room: GatewayRoom,
        callers: Callers,
        url: str,
        counters: Counter[str],
        log: Logger,
    ) -> Self:
        """Make it; nothing is asked of the database yet.

        Args:
            options: Of the gateway.
            around: Of the gateway.
            room: That it is.
            callers: That it has; they are told to it from now on.
            url: Where it is reached, if the options do not say.
            counters: Of the gateway.
            log: Of the gateway.
        """
        database = Database(database_url(options.database, around.state_dir))
        times = room_times(
            around.name, around.state_dir, around.started_ns, options.absence_s, options.room
        )
        prices = load_prices(options.prices, around.config_dir)
        store = CallerStore(database, times, options.keep_days, prices, counters, log)
        claim = RoomClaim(
            room.name,
            store.times.holder,
            str(around.started_ns),
            options.address or url,
            room.places or 0,
            0,
            VERSION,
        )
        keeper = RoomKeeper(room, database, claim, callers.departures, counters, log)
        pipeline = pipeline_id(around.state_dir)
        quota = RoomQuota(database, pipeline, options.when_quota_is_full, counters)
        callers.past.keeping, callers.placing = store, quota
        store.on_moved = callers.move
        return cls(database, store, keeper, quota)

    async def run(self) -> None:
        """Write rows, renew the lease and hold places until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for each in (self.store, self.keeper, self.quota):
                tasks.create_task(each.run())

    async def close(self) -> None:
        """Tell the others that the room is gone, and write what still waits."""
        await self.keeper.leave()
        await self.store.close()
