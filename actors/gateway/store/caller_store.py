"""The store of the gateway: what happens to callers as rows of a database, and back."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.exc import IntegrityError

from actors.gateway.keeping import Keeping
from actors.gateway.past_sessions import Owns
from actors.gateway.rooms.epoch_watch import EpochWatch
from actors.gateway.rooms.taken_up import TakenUp
from actors.gateway.store.costs import cost_of
from actors.gateway.store.database import Database, Work
from actors.gateway.store.erasing import erase_before
from actors.gateway.store.errors import DatabaseAwayError
from actors.gateway.store.looking import past_session
from actors.gateway.store.row_writer import PATIENCE_S, TOGETHER_S, RowWriter
from actors.gateway.store.session_rows import SessionRows
from actors.gateway.store.take_up import RoomTimes, close_lost, take_up
from actors.gateway.store.times import now
from actors.lib.this_pipeline import pipeline_id
from actors.services.budget.prices import PriceTable
from pipeline.frames import (
    SessionEnded,
    SessionOpened,
    ToolCall,
    ToolCancel,
    ToolResult,
    TurnClosed,
    Usage,
)
from pipeline.logs import Logger

ANSWER_S = 2.0
"""For the database to say whether a caller comes back: it takes 5 ms, and somebody waits for it."""
UPKEEP_S = 60.0
"""How often sessions to which nobody comes back are ended, and old ones erased."""

T = TypeVar("T")


class CallerStore(Keeping):
    """Keeps what happens to callers. A database that is away holds nobody up.

    Args:
        database: Where it is kept.
        times: Which pipeline this is.
        keep_days: Sessions that ended so many days ago are erased; None: never.
        prices: Of what backends are billed.
        counters: Of the actor; see `RowWriter`.
        log: Of the actor.
    """

    def __init__(
        self,
        database: Database,
        times: RoomTimes,
        keep_days: float | None,
        prices: PriceTable,
        counters: Counter[str],
        log: Logger,
    ) -> None:
        self.database = database
        self.times = times
        self._keep_days = keep_days
        self._counters = counters
        self._log = log
        is_shared = times.room != times.holder
        self.watch = EpochWatch(database, self._epochs, self._overtaken, is_shared=is_shared)
        self.on_moved: Callable[[str], None] = lambda _: None
        """Told of a session that another room has taken up."""
        self._writer = RowWriter(
            database,
            counters,
            log,
            self._tell_again,
            self.watch.stir,
            # Another room may need to know of a turn before this one is started anew.
            TOGETHER_S if is_shared else PATIENCE_S,
        )
        self.rows = SessionRows(self._writer.add, times.room, now)
        self._prices = prices

    @property
    def problem(self) -> str:
        """Why nothing can be written now, in words; empty if all is well."""
        return self._writer.problem

    @property
    def waiting(self) -> int:
        """Rows that wait to be written."""
        return self._writer.waiting

    async def run(self) -> None:
        """Write, and look after what is old, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._writer.run())
            tasks.create_task(self._look_after())
            tasks.create_task(self.watch.run())

    async def close(self) -> None:
        """Write what waits, callers who are away included, and let go of the database."""
        for manner in self.rows.manners():
            self.rows.away(manner.session)
        await self._writer.close()
        # In a thread: what the database does now may take a second.
        await asyncio.to_thread(self.database.close)

    # What is asked.

    async def take_up(self, session: str, owns: Owns, *, moves: bool) -> TakenUp | None:
        """Return how the conversation of a caller who comes back goes on."""
        found = await self._ask(lambda c: take_up(c, session, self.times, owns, now(), moves=moves))
        if found is not None:
            self._counters["taken_up"] += 1
            self._log.info("a conversation is taken up", session=session)
        return found

    async def past(self, session: str) -> Mapping[str, Any] | None:
        """Return what is known of a session that has ended."""
        return await self._ask(lambda c: past_session(c, session))

    # What is told.

    def opened(self, manner: SessionOpened) -> None:
        """A session is open."""
        self.rows.opened(manner)

    def present(self, session: str) -> None:
        """Its caller is here."""
        self.rows.present(session)

    def away(self, session: str) -> None:
        """Its caller is away since now."""
        self.rows.away(session)

    def ended(self, ended: SessionEnded) -> None:
        """A session is over."""
        self.rows.ended(ended)

    def turn_closed(self, closed: TurnClosed) -> None:
        """A turn has its outcome."""
        # One that was closed while no gateway was there comes late.
        ago_s = max(0, time.monotonic_ns() - closed.sent_ns) / 1e9 if closed.sent_ns else 0.0
        self.rows.turn(closed, timedelta(seconds=ago_s))

    def used(self, usage: Usage) -> None:
        """An answer was billed."""
        cost = cost_of(usage, self._prices, now().date())
        self.rows.cost(usage.session, usage.turn, cost)

    def called(self, frame: ToolCall | ToolCancel | ToolResult) -> None:
        """A function was asked for, or has returned, or is wanted no more."""
        if isinstance(frame, ToolCall):
            self.rows.call(frame)
        else:
            self.rows.result(frame)

    def done(self, session: str, position: int, sound: int | None) -> None:
        """The sound of a session before a position belongs to turns that are over."""
        self.rows.done(session, position, sound)

    def _epochs(self) -> Mapping[str, int]:
        return self.rows.epochs()

    def _overtaken(self, conversation: str) -> None:
        session = self.rows.drop(conversation)
        if session is not None:
            self._counters["sessions_moved"] += 1
            self._log.info("another room has taken the conversation up", session=session)
            self.on_moved(session)

    def _tell_again(self) -> None:
        """The database is another one, and empty: what is open is told it once more."""
        for manner in self.rows.manners():
            self.rows.opened(manner, anew=True)

    async def _ask(self, work: Work[T]) -> T | None:
        """Return what the database says; None if it does not answer in time."""
        if self.problem:
            return None
        try:
            return await self.database.run(work, ANSWER_S)
        except (DatabaseAwayError, IntegrityError) as error:
            self._counters["read_errors"] += 1
            self._log.warning("the database does not answer", problem=str(error))
            return None

    async def _look_after(self) -> None:
        while True:
            # The first time when those of before have had the time to come back.
            await asyncio.sleep(UPKEEP_S)
            await self.tidy(now())

    async def tidy(self, moment: datetime) -> None:
        """End the sessions to which nobody comes back, and erase those that are old enough."""
        await self._ask(lambda c: close_lost(c, self.rows.ids(), self.times, moment))
        if self._keep_days is None:
            return
        before = moment - timedelta(days=self._keep_days)
        erased = await self._ask(lambda c: erase_before(c, before))
        if erased:
            self._counters["sessions_erased"] += len(erased)
            self._log.info("old sessions were erased", sessions=len(erased))


def room_times(
    name: str, state_dir: Path, started_ns: int, absence_s: float, room: str = ""
) -> RoomTimes:
    """Return which pipeline this is: its gateway, its machine and its state folder.

    Args:
        name: Of the gateway.
        state_dir: Of the pipeline.
        started_ns: Monotonic time at which it was started.
        absence_s: How long callers may be away.
        room: Its name among others that share the database, if it has one.
    """
    age_s = (time.monotonic_ns() - started_ns) / 1e9 if started_ns else 0.0
    holder = f"{pipeline_id(state_dir)}:{name}"
    started_at = now() - timedelta(seconds=age_s)
    return RoomTimes(room or holder, started_at, timedelta(seconds=absence_s), holder)
