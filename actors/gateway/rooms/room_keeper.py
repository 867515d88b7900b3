"""Keeps a room known to the others: its lease is renewed, and what they want of it is learned."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from actors.gateway.errors import NoRoomError, RefusedError
from actors.gateway.rooms.lease import LEASE_S, RENEW_S
from actors.gateway.rooms.room import GatewayRoom
from actors.gateway.store.database import Database, Work
from actors.gateway.store.errors import DatabaseAwayError
from actors.gateway.store.room_rows import RoomClaim, known_rooms, leave, renew, set_draining
from actors.gateway.store.times import now
from actors.gateway.store.whereabouts import whereabouts
from pipeline.logs import Logger

T = TypeVar("T")


class Guests(Protocol):
    """The callers of a room."""

    def invite_away(self) -> None:
        """Have them go to another room; called again and again while there is one."""

    def stay(self) -> None:
        """They need not go."""


class RoomKeeper:
    """Renews the lease of a room that has a name.

    Args:
        room: The room.
        database: That the rooms share.
        claim: What it says of itself; how many callers it has is looked up each time.
        guests: Its callers.
        counters: `leases_missed`: renewals that failed.
        log: Told when the room is known, and when it is not any more.
    """

    def __init__(
        self,
        room: GatewayRoom,
        database: Database,
        claim: RoomClaim,
        guests: Guests,
        counters: Counter[str],
        log: Logger,
    ) -> None:
        self._room = room
        self._database = database
        self._claim = claim
        self._guests = guests
        self._counters = counters
        self._log = log
        self._told = ""
        counters["leases_missed"] += 0

    async def run(self) -> None:
        """Renew until cancelled."""
        while self._room.name:
            due_s = time.monotonic() + RENEW_S
            await self.renew()
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))

    async def renew(self) -> None:
        """Renew the lease once, and learn whether the room is to be empty."""
        room, asked_s = self._room, time.monotonic()
        claim = replace(self._claim, taken=room.taken)
        try:
            answer = await self._database.run(lambda c: renew(c, claim, now()), LEASE_S)
        except DatabaseAwayError as error:
            self._counters["leases_missed"] += 1
            self._tell(str(error))
            return
        room.rival = answer.rival
        if answer.rival:
            self._tell(f"another pipeline holds the name: {answer.rival}")
            return
        room.lease = room.lease.renewed(asked_s)
        if answer.draining is not room.draining:
            room.draining = answer.draining
            self._log.info("the room is to be empty" if answer.draining else "the room is open")
        if not room.draining:
            self._guests.stay()
        elif answer.others:
            self._guests.invite_away()
        self._tell("")

    async def known(self) -> list[dict[str, Any]]:
        """Return all rooms that share the database.

        Raises:
            RefusedError: it does not answer now.
        """
        return await self._asked(lambda c: known_rooms(c, now()))

    async def callers(self) -> list[dict[str, Any]]:
        """Return the open conversations of all rooms that share the database.

        Raises:
            RefusedError: it does not answer now.
        """
        return await self._asked(whereabouts)

    async def drain(self, name: str, *, draining: bool) -> None:
        """Have a room emptied, or opened again; another one sees it within a second.

        Args:
            name: Of the room; empty: this one.
            draining: It is to be empty.

        Raises:
            NoRoomError: there is no such room.
            RefusedError: the others cannot be told now; nothing has changed.
        """
        room = self._room
        wanted = name or room.name
        if wanted:
            known = await self._asked(lambda c: set_draining(c, wanted, draining=draining))
            if not known and wanted != room.name:
                raise NoRoomError(f"there is no room {wanted!r}")
        if wanted == room.name:
            room.draining = draining

    async def leave(self) -> None:
        """Tell the others that the room is gone, if that can be done soon."""
        if not self._room.name:
            return
        with suppress(DatabaseAwayError):  # They see that its lease is over.
            await self._database.run(lambda c: leave(c, self._claim, now()), RENEW_S / 2)

    async def _asked(self, work: Work[T]) -> T:
        try:
            return await self._database.run(work)
        except DatabaseAwayError as error:
            raise RefusedError(str(error)) from error

    def _tell(self, problem: str) -> None:
        if problem == self._told:
            return
        self._told = problem
        room = self._room
        if problem:
            self._log.warning("the room's lease is not renewed", room=room.name, problem=problem)
        else:
            self._log.info("the room is known", room=room.name, places=room.places)
