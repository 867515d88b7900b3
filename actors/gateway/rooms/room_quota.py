"""Takes a place for a Live session before a caller is let in, and gives it back at the end."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.placing import Placing
from actors.gateway.rooms.lease import LEASE_S, RENEW_S
from actors.gateway.rooms.quota import WhenFull, are_full, with_room
from actors.gateway.store.database import Database
from actors.gateway.store.errors import DatabaseAwayError
from actors.gateway.store.quota_listener import QuotaListener
from actors.gateway.store.quota_rows import (
    declared,
    give_back,
    keep,
    others_have_places,
    resting,
    take,
    taken,
)
from actors.gateway.store.quota_seen import QuotaSeen, quota_of
from actors.gateway.store.times import now

ANSWER_S = 1.0
"""For the database to give a place: it takes 2 ms, and a caller waits."""
AGAIN_S = 5.0
"""When to come again: of 50 conversations of a quarter of an hour, one ends in 18 s."""


@dataclass(frozen=True)
class QuotaView:
    """What was last seen.

    Attributes:
        is_shared: There are projects.
        is_full: None of them has a place.
        is_alone: No other pipeline has a place, or had one a minute ago.
    """

    is_shared: bool = False
    is_full: bool = False
    is_alone: bool = True


class RoomQuota(Placing):
    """Places of the callers of one gateway. Without projects in the database, nobody needs one.

    Args:
        database: In which `live` of this pipeline says which projects there are.
        holder: Which pipeline this is.
        when_full: What becomes of who comes when no project has a place.
        counters: `unplaced`: callers who were let in without a place.
    """

    def __init__(
        self, database: Database, holder: str, when_full: WhenFull, counters: Counter[str]
    ) -> None:
        self._database = database
        self._holder = holder
        self._when_full = when_full
        self._counters = counters
        self._listener = QuotaListener(database.url)
        self._held: set[str] = set()
        self._view = QuotaView()
        self.seen = QuotaSeen()
        """Places and rests in all rooms, as they were last seen."""
        self._giving_back: set[asyncio.Task[None]] = set()

    @property
    def refuses(self) -> bool:
        """Whether nobody new would be let in, as far as is known."""
        return self._when_full is WhenFull.REFUSE and self._view.is_full

    def check(self) -> None:
        """Look whether there is a place, as far as is known, for who has said nothing yet.

        It may be the caller of another room, who has its place and is to go on here.

        Raises:
            AccessDeniedError: there is none.
        """
        if self.refuses and self._view.is_alone:
            raise _refusal()

    async def reserve(self, conversation: str, *, comes_back: bool = False) -> None:
        """Take a place for a conversation; one that has a place keeps it.

        Where the database does not answer, whoever comes is let in: `live` goes by its own count.

        Raises:
            AccessDeniedError: there is none, and the caller is to be refused.
        """
        if not self._view.is_shared:
            return
        try:
            is_placed = await self._database.run(lambda c: self._take(c, conversation), ANSWER_S)
        except DatabaseAwayError:
            is_placed = False
        else:
            if not is_placed and not comes_back and self._when_full is WhenFull.REFUSE:
                self._view = replace(self._view, is_full=True)
                raise _refusal()
        if is_placed:
            self._held.add(conversation)
        else:
            self._counters["unplaced"] += 1

    def hold(self, conversation: str) -> None:
        """A conversation is open: its place, if it has one, is kept."""
        self._held.add(conversation)

    def give_back(self, conversation: str) -> None:
        """A conversation is over here."""
        if conversation in self._held:
            self._held.discard(conversation)
            task = asyncio.get_running_loop().create_task(self._give_back(conversation))
            self._giving_back.add(task)
            task.add_done_callback(self._giving_back.discard)

    async def run(self) -> None:
        """Renew the places and look how full it is, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listener.run())
            tasks.create_task(self._keep_up())

    async def _keep_up(self) -> None:
        while True:
            try:
                self._view = await self._database.run(self._sync, LEASE_S)
            except DatabaseAwayError:
                # Whoever comes is let in.
                self._view = QuotaView(is_shared=self._view.is_shared)
            await self._listener.wait(RENEW_S)

    async def _sync(self, connection: AsyncConnection) -> QuotaView:
        projects = await declared(connection, self._holder)
        if not projects:
            self.seen = QuotaSeen()
            return QuotaView()
        at = now()
        if self._held:
            await keep(connection, self._held, self._holder, at)
        counts, rests = await taken(connection, at), await resting(connection, at)
        self.seen = quota_of(projects, counts, rests)
        is_alone = not await others_have_places(connection, self._holder)
        return QuotaView(True, are_full(projects, counts, rests), is_alone)

    async def _take(self, connection: AsyncConnection, conversation: str) -> bool:
        projects = await declared(connection, self._holder)
        at = now()
        wanted = with_room(projects, await resting(connection, at))
        return await take(connection, conversation, self._holder, wanted, at) is not None

    async def _give_back(self, conversation: str) -> None:
        with suppress(DatabaseAwayError):  # Nobody renews it: in 3 s it is free.
            await self._database.run(lambda c: give_back(c, conversation, self._holder))


def _refusal() -> AccessDeniedError:
    detail = "all places for conversations are taken: try again in a moment"
    return AccessDeniedError(Denial.QUOTA_FULL, detail, AGAIN_S)
