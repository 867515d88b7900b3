"""What pipelines that share a budget have used today: told to the others, and learned of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from actors.services.budget.account import Sums
from pipeline.logs import Logger

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from actors.gateway.store.database import Database

SHARE_EVERY_S = 2.0
"""So late a limit may be noticed that is used up elsewhere: an answer takes longer."""


class SharedDay:
    """Writes this pipeline's use of the day into a database, and adds up that of the others.

    Args:
        database: That they share.
        account: Whose budget it is.
        holder: Which pipeline this is.
        counters: `shares`: how often it was told and learned; `unshared`: how often the database
            did not answer.
        log: Of the actor.
    """

    def __init__(
        self, database: Database, account: str, holder: str, counters: Counter[str], log: Logger
    ) -> None:
        self._database = database
        self._account = account
        self._holder = holder
        self._counters = counters
        self._log = log
        self._is_away = False
        counters["unshared"] += 0

    async def run(
        self, own: Callable[[], tuple[date, Sums]], on_others: Callable[[date, Sums], None]
    ) -> None:
        """Share until cancelled.

        Args:
            own: Returns today's date, and what this pipeline has used on it.
            on_others: Told what the others have used on that day.
        """
        while True:
            day, used = own()
            others = await self.share(day, used)
            if others is not None:
                on_others(day, others)
            await asyncio.sleep(SHARE_EVERY_S)

    async def share(self, day: date, used: Sums) -> Sums | None:
        """Tell and learn once; None: the database does not answer, what was learned stands."""
        from actors.gateway.store.budget_rows import used_by_others, write_day
        from actors.gateway.store.errors import DatabaseAwayError

        async def work(connection: AsyncConnection) -> Sums:
            await write_day(connection, self._account, self._holder, day, used)
            return await used_by_others(connection, self._account, self._holder, day)

        try:
            others = await self._database.run(work)
        except DatabaseAwayError as error:
            self._counters["unshared"] += 1
            if not self._is_away:
                self._log.warning("what others use is not known now", problem=str(error))
            self._is_away = True
            return None
        self._is_away = False
        self._counters["shares"] += 1
        return others

    async def close(self) -> None:
        """Let go of the database."""
        await asyncio.to_thread(self._database.close)
