"""The table of rooms: who is alive, how full it is, and who is to be emptied."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.gateway.rooms.lease import LEASE_S
from actors.gateway.store.tables import rooms
from actors.gateway.store.upsert import insert_into

LEASE = timedelta(seconds=LEASE_S)


@dataclass(frozen=True)
class RoomClaim:
    """What a room says of itself.

    Attributes:
        name: Of the room.
        holder: Which pipeline has the name.
        incarnation: Another one each time that pipeline is started.
        address: Where it is reached.
        places: Callers that it takes at once.
        taken: Callers that it has.
        version: Of its greenroom.
    """

    name: str
    holder: str
    incarnation: str
    address: str
    places: int
    taken: int
    version: str


@dataclass(frozen=True)
class RoomAnswer:
    """What it learns.

    Attributes:
        draining: It is to be empty.
        rival: Which other pipeline holds the name; then nothing was renewed.
        others: How many other rooms are there that take callers.
    """

    draining: bool = False
    rival: str = ""
    others: int = 0


async def renew(connection: AsyncConnection, claim: RoomClaim, now: datetime) -> RoomAnswer:
    """Renew a room's lease; a name whose lease is over may be had by another pipeline.

    What was wanted of an earlier incarnation is not wanted of the next.
    """
    values: dict[str, Any] = {
        "holder": claim.holder,
        "incarnation": claim.incarnation,
        "address": claim.address,
        "places": claim.places,
        "taken": claim.taken,
        "version": claim.version,
        "lease_until": now + LEASE,
    }
    first = insert_into(connection, rooms).values(name=claim.name, draining=False, **values)
    is_same = rooms.c.incarnation == claim.incarnation
    put = first.on_conflict_do_update(
        index_elements=[rooms.c.name],
        set_={**values, "draining": case((is_same, rooms.c.draining), else_=False)},
        where=or_(rooms.c.holder == claim.holder, rooms.c.lease_until < now),
    ).returning(rooms.c.draining)
    draining = (await connection.execute(put)).scalar_one_or_none()
    if draining is not None:
        open_now = (rooms.c.name != claim.name, rooms.c.lease_until > now, ~rooms.c.draining)
        with_places = rooms.c.taken < rooms.c.places
        others = select(func.count()).select_from(rooms).where(*open_now, with_places)
        return RoomAnswer(draining=draining, others=await connection.scalar(others) or 0)
    holder = await connection.scalar(select(rooms.c.holder).where(rooms.c.name == claim.name))
    return RoomAnswer(rival=str(holder or "unknown"))


async def leave(connection: AsyncConnection, claim: RoomClaim, now: datetime) -> None:
    """Give a lease back: the room is gone, and has no callers."""
    mine = (rooms.c.name == claim.name, rooms.c.holder == claim.holder)
    await connection.execute(update(rooms).where(*mine).values(lease_until=now, taken=0))


async def set_draining(connection: AsyncConnection, name: str, *, draining: bool) -> bool:
    """Want a room emptied, or open again; return whether there is one of the name."""
    change = update(rooms).where(rooms.c.name == name).values(draining=draining)
    return (await connection.execute(change)).rowcount > 0


async def known_rooms(connection: AsyncConnection, now: datetime) -> list[dict[str, Any]]:
    """Return all rooms that ever were, by name, as plain values.

    `state` is `open`, `draining`, or `gone`: its lease is over.
    """
    found = await connection.execute(select(rooms).order_by(rooms.c.name))
    return [
        {
            "name": row.name,
            "state": _state(row.draining, row.lease_until, now),
            "taken": row.taken,
            "places": row.places,
            "address": row.address,
            "version": row.version,
            "lease_until": row.lease_until.isoformat(),
        }
        for row in found
    ]


def _state(draining: bool, lease_until: datetime, now: datetime) -> str:
    if lease_until <= now:
        return "gone"
    return "draining" if draining else "open"
