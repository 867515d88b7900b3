"""Writes rows when something changes; while the database is away they wait."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy.exc import IntegrityError

from actors.gateway.store.changes import Backlog, Change
from actors.gateway.store.database import Database
from actors.gateway.store.errors import DatabaseAwayError, UnwritableError
from actors.gateway.store.writing import write_changes
from pipeline.logs import Logger

TOGETHER_S = 0.05
"""What changes within it is written together; a gateway that is killed loses as much."""
PATIENT = ("turns",)
"""Tables whose rows may wait: a gateway that was killed is told again how turns ended."""
PATIENCE_S = 0.5
"""And so long do they. With 60 callers some ten turns end in a second: one transaction for five of
them, not one for each, and the loop of the callers has less beside it that wants its turn."""
MOST_AT_ONCE = 200
"""Rows of a transaction: some 20 ms of SQLite."""
RETRY_S = 2.0
"""How often a database that is away is tried again."""
CLOSE_S = 0.7
"""For the last rows: an actor has 3 s to end, and some go to the farewell of its callers."""
COUNTERS = (
    "rows_written",
    "rows_dropped",
    "rows_refused",
    "rows_erased",
    "rows_overtaken",
    "write_errors",
)


class RowWriter:
    """Lets changes wait and writes them, in the order in which they came.

    A database that is away is told of once, and tried again every `RETRY_S`.

    Args:
        database: Where they are written.
        counters: `rows_written`; `rows_dropped`, for which there was no room; `rows_refused`, which
            the database does not take; `rows_erased`, whose session was erased before they came;
            `rows_overtaken`, of a session that another room has taken up; `write_errors`, attempts
            while it was away.
        log: Told of a database that is away, and that it is back.
        on_lost: Called when the database turns out to be another one, and empty.
        on_overtaken: Called when rows were not written as their session is another room's now.
        patience_s: How long turns may wait to be written with others.
    """

    def __init__(
        self,
        database: Database,
        counters: Counter[str],
        log: Logger,
        on_lost: Callable[[], None],
        on_overtaken: Callable[[], None] = lambda: None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.problem = ""
        """Why nothing can be written now, in words; empty if all is well."""
        self._database = database
        self._counters = counters
        self._log = log
        self._backlog = Backlog(counters)
        self._stirred = asyncio.Event()
        """Something waits ..."""
        self._pressed = asyncio.Event()
        """... and it may not wait long."""
        self._since_s = 0.0
        self._on_lost = on_lost
        self._on_overtaken = on_overtaken
        self._patience_s = patience_s
        self._lost = 0
        counters.update(dict.fromkeys(COUNTERS, 0))

    @property
    def waiting(self) -> int:
        """Rows that wait to be written."""
        return len(self._backlog)

    def add(self, change: Change) -> None:
        """Let a change be written soon; returns at once."""
        self._backlog.add(change)
        self._stirred.set()
        if change.table not in PATIENT:
            self._pressed.set()

    async def run(self) -> None:
        """Bring the tables to the newest schema, and write what waits, until cancelled."""
        while True:
            if await self._reach():
                break
            await asyncio.sleep(RETRY_S)
        while True:
            await self._until_due()
            while self._backlog:
                if not await self._write_some():
                    await asyncio.sleep(RETRY_S)

    async def close(self) -> None:
        """Write what still waits, if that can be done soon."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                while self._backlog and await self._write_some():
                    pass
        if self._backlog:
            self._log.warning("rows were not written before the end", rows=len(self._backlog))

    async def _until_due(self) -> None:
        await self._stirred.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience_s):
                await self._pressed.wait()
                await asyncio.sleep(TOGETHER_S)
        self._stirred.clear()
        self._pressed.clear()

    async def _reach(self) -> bool:
        try:
            await self._database.reach()
        except DatabaseAwayError as error:
            self._note_away(error)
            return False
        self._set_problem("")
        return True

    async def _write_some(self) -> bool:
        changes = self._backlog.take(MOST_AT_ONCE)
        try:
            await self._write(changes)
        except DatabaseAwayError as error:
            self._backlog.put_back(changes)
            self._note_away(error)
            return False
        except BaseException:
            self._backlog.put_back(changes)
            raise
        self._set_problem("")
        return True

    async def _write(self, changes: list[Change]) -> None:
        try:
            left_out = await self._database.run(lambda c: write_changes(c, changes))
        except (IntegrityError, UnwritableError) as error:
            if len(changes) == 1:
                self._counters["rows_refused"] += 1
                # Not the row: what callers said is not for the log.
                self._log.warning("a row cannot be written", table=changes[0].table)
                self._log.debug("a row cannot be written", error=str(error))
                return
            # One of them cannot be written ever: the others are.
            for change in changes:
                await self._write([change])
            return
        self._counters["rows_written"] += len(changes) - left_out.erased - left_out.overtaken
        self._counters["rows_erased"] += left_out.erased
        self._counters["rows_overtaken"] += left_out.overtaken
        if left_out.overtaken:
            self._on_overtaken()
        if self._database.lost > self._lost:
            self._lost = self._database.lost
            self._log.warning("the file of the database was removed; it is made anew, and empty")
            self._on_lost()
            for change in changes:
                self.add(change)

    def _note_away(self, error: DatabaseAwayError) -> None:
        self._counters["write_errors"] += 1
        self._set_problem(str(error))

    def _set_problem(self, problem: str) -> None:
        if problem and not self.problem:
            self._since_s = time.monotonic()
            self._log.warning(
                "the database is away: conversations go on, and rows wait for it", problem=problem
            )
        elif self.problem and not problem:
            away_s = round(time.monotonic() - self._since_s, 1)
            self._log.info("the database is back", away_s=away_s)
        self.problem = problem
