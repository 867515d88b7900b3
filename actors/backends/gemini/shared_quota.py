"""What a backend shares with those of other pipelines: places for Live sessions, and cool-downs."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from actors.backends.gemini.cool_downs import CoolDown
from actors.backends.gemini.places import ProjectLimit
from actors.lib.shared_database import open_database
from pipeline.logs import Logger
from pipeline.surroundings import Surroundings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from actors.gateway.store.database import Database, Work

ANSWER_S = 1.0
"""For the database to give a place: it takes 2 ms, and somebody waits to be connected. Without an
answer the pipeline goes by its own count, and the service has the last word."""


@dataclass(frozen=True)
class QuotaNews:
    """What holds now for all pipelines.

    Attributes:
        resting: What is left alone; None: it is not known now.
        others: Places that sessions have of which this backend knows nothing, by project.
        project: In which a session has got a place.
    """

    resting: Sequence[CoolDown] | None = None
    others: Mapping[str, int] = field(default_factory=dict)
    project: str | None = None


class SharedQuota:
    """Talks to the database; whoever is told something is not held up by it.

    Args:
        database: That the pipelines share.
        holder: Which pipeline this is.
        on_news: Told what holds, each second and whenever something has changed.
        held: Returns which session has its place in which project.
        counters: `quota_unwritten`: what the database did not take; `quota_syncs`: how often it
            was looked at.
        log: Of the actor.
    """

    def __init__(
        self,
        database: Database,
        holder: str,
        on_news: Callable[[QuotaNews], None],
        held: Callable[[], dict[str, str]],
        counters: Counter[str],
        log: Logger,
    ) -> None:
        from actors.gateway.store.quota_listener import QuotaListener

        self._database = database
        self._holder = holder
        self._on_news = on_news
        self._held = held
        self._counters = counters
        self._log = log
        self._listener = QuotaListener(database.url)
        self._projects: tuple[ProjectLimit, ...] | None = None
        self._is_declared = True
        self._to_write: asyncio.Queue[Work[None]] = asyncio.Queue()
        self._problem = ""
        counters["quota_unwritten"] += 0

    async def run(self) -> None:
        """Renew the places, learn what rests, and write what is told, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listener.run())
            tasks.create_task(self._write())
            tasks.create_task(self._keep_up())

    async def stop(self, running: asyncio.Task[None]) -> None:
        """Write what is told, and let go of the database; who still holds a place has it.

        Args:
            running: What `run` does.
        """
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        # In a thread: what the database does now may take a second.
        await asyncio.to_thread(self._database.close)

    async def take(self, session: str, wanted: Sequence[ProjectLimit]) -> QuotaNews | None:
        """Take a place for a session, in the first project that has one.

        Returns:
            Where it is; None: the database does not answer now.
        """
        from actors.gateway.store.errors import DatabaseAwayError
        from actors.gateway.store.quota_rows import take, taken
        from actors.gateway.store.times import now

        async def work(connection: AsyncConnection) -> QuotaNews:
            at = now()
            project = await take(connection, session, self._holder, wanted, at)
            others = await taken(connection, at, [*self._held(), session])
            return QuotaNews(others=others, project=project)

        try:
            return await self._database.run(work, ANSWER_S)
        except DatabaseAwayError:
            return None

    def declare(self, projects: Sequence[ProjectLimit]) -> None:
        """Have the gateway know which projects there are."""
        if tuple(projects) != self._projects:
            self._projects, self._is_declared = tuple(projects), False
            self._listener.tell()

    def give_back(self, session: str, *, is_free: bool = True) -> None:
        """A session has ended, or its place was none."""
        from actors.gateway.store.quota_rows import give_back

        self._to_write.put_nowait(
            partial(give_back, session=session, holder=self._holder, is_free=is_free)
        )

    def rest(self, begun: CoolDown) -> None:
        """The others are to leave it alone, too."""
        from actors.gateway.store.quota_rows import rest
        from actors.gateway.store.times import now

        self._to_write.put_nowait(lambda c: rest(c, begun, now()))

    async def _keep_up(self) -> None:
        from actors.gateway.rooms.lease import LEASE_S, RENEW_S
        from actors.gateway.store.errors import DatabaseAwayError

        while True:
            try:
                projects = self._projects
                self._on_news(await self._database.run(self._sync, LEASE_S))
                self._is_declared = projects == self._projects
                self._counters["quota_syncs"] += 1
                self._tell("")
            except DatabaseAwayError as error:
                # What the others have is not known any more: the service has the last word.
                self._on_news(QuotaNews())
                self._tell(str(error))
            await self._listener.wait(RENEW_S)

    async def _sync(self, connection: AsyncConnection) -> QuotaNews:
        from actors.gateway.store.quota_rows import declare, renew, resting, taken
        from actors.gateway.store.times import now

        if not self._is_declared:
            await declare(connection, self._holder, self._projects or ())
        held, at = self._held(), now()
        await renew(connection, held, self._holder, at)
        return QuotaNews(await resting(connection, at), await taken(connection, at, held))

    async def _write(self) -> None:
        from actors.gateway.store.errors import DatabaseAwayError

        while True:
            work = await self._to_write.get()
            try:
                await self._database.run(work)
            except DatabaseAwayError as error:
                # The lease of a place runs out by itself; a cool-down is found out by the others.
                self._counters["quota_unwritten"] += 1
                self._tell(str(error))

    def _tell(self, problem: str) -> None:
        if bool(problem) == bool(self._problem):
            return
        self._problem = problem
        if problem:
            self._log.warning("quotas are not shared now; conversations go on", problem=problem)
        else:
            self._log.info("quotas are shared again")


def open_shared_quota(option: str, surroundings: Surroundings, **told: Any) -> SharedQuota | None:
    """Return what the option `database` names; None: nothing is shared.

    Raises:
        DatabaseUrlError: it is no URL of a database that is known, or its driver is missing.
    """
    opened = open_database(option, surroundings)
    return None if opened is None else SharedQuota(*opened, **told)
