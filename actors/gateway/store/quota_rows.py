"""Tables of the quotas that pipelines share: who has a place in which project, and what rests."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.backends.gemini.cool_downs import CoolDown
from actors.backends.gemini.places import ProjectLimit, next_project
from actors.gateway.rooms.lease import LEASE_S
from actors.gateway.store.tables import cool_downs, quota_places, quota_projects
from actors.gateway.store.upsert import upsert
from pipeline.frames import FaultClass
from pipeline.turns.fault_policy import POLICIES

CHANNEL = "greenroom_quota"
"""On which PostgreSQL tells all pipelines that a place is free, or that something rests."""
LOCK = 0x67727175
"""Key of PostgreSQL's advisory lock: of two who take the last place one gets it. "grqu"."""
LEASE = timedelta(seconds=LEASE_S)
KEPT = timedelta(minutes=1)
"""Rows of pipelines that are gone count no more after their lease; then they are erased."""


async def declare(
    connection: AsyncConnection, holder: str, projects: Sequence[ProjectLimit]
) -> None:
    """Say which projects a pipeline has, in their order, in the place of those it had."""
    await connection.execute(delete(quota_projects).where(quota_projects.c.holder == holder))
    if projects:
        rows = [
            {"holder": holder, "name": each.name, "position": at, "live_sessions": each.sessions}
            for at, each in enumerate(projects)
        ]
        await connection.execute(quota_projects.insert(), rows)


async def declared(connection: AsyncConnection, holder: str) -> list[ProjectLimit]:
    """Return the projects of a pipeline, in their order; none before it has said so."""
    found = await connection.execute(
        select(quota_projects.c.name, quota_projects.c.live_sessions)
        .where(quota_projects.c.holder == holder)
        .order_by(quota_projects.c.position)
    )
    return [ProjectLimit(row.name, row.live_sessions) for row in found]


async def take(
    connection: AsyncConnection,
    session: str,
    holder: str,
    wanted: Sequence[ProjectLimit],
    now: datetime,
) -> str | None:
    """Take a place for a session, or move the one that it has; return the project.

    Args:
        connection: In a transaction.
        session: Id of the conversation.
        holder: The pipeline that serves it.
        wanted: Projects that will do, in their order.
        now: The time.

    Returns:
        The project; None: all places are taken, and nothing was changed.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    await connection.execute(delete(quota_places).where(quota_places.c.until < now - KEPT))
    mine = quota_places.c.session == session
    held = await connection.scalar(
        select(quota_places.c.project).where(mine, quota_places.c.until > now)
    )
    project = next_project(wanted, await taken(connection, now, [session]), held)
    if project is not None:
        values = {"project": project, "holder": holder, "until": now + LEASE}
        row = {"session": session, **values}
        await connection.execute(upsert(connection, quota_places, row), row)
    return project


async def taken(
    connection: AsyncConnection, now: datetime, but: Collection[str] = ()
) -> dict[str, int]:
    """Return how many places of each project are taken.

    Args:
        connection: Of the database.
        now: The time.
        but: Sessions that are not counted.
    """
    found = await connection.execute(
        select(quota_places.c.project, func.count())
        .where(quota_places.c.until > now, quota_places.c.session.not_in(list(but)))
        .group_by(quota_places.c.project)
    )
    return {row[0]: row[1] for row in found}


async def others_have_places(connection: AsyncConnection, holder: str) -> bool:
    """Return whether other pipelines have places, or had some a minute ago."""
    found = await connection.scalar(
        select(quota_places.c.holder).where(quota_places.c.holder != holder).limit(1)
    )
    return found is not None


async def keep(
    connection: AsyncConnection, sessions: Iterable[str], holder: str, now: datetime
) -> None:
    """Renew the places of sessions, as far as the pipeline still has them."""
    await connection.execute(
        update(quota_places)
        .where(quota_places.c.session.in_(list(sessions)), quota_places.c.holder == holder)
        .values(until=now + LEASE)
    )


async def renew(
    connection: AsyncConnection, places: Mapping[str, str], holder: str, now: datetime
) -> None:
    """Renew the places of sessions that are connected, whatever became of their rows meanwhile.

    Args:
        connection: In a transaction.
        places: Projects by session.
        holder: The pipeline that serves them.
        now: The time.
    """
    rows = [
        {"session": session, "project": project, "holder": holder, "until": now + LEASE}
        for session, project in places.items()
    ]
    if rows:
        put = upsert(connection, quota_places, rows[0], quota_places.c.holder == holder)
        await connection.execute(put, rows)


async def give_back(
    connection: AsyncConnection, session: str, holder: str, *, is_free: bool = True
) -> None:
    """Give a place back, if the pipeline still has it, and tell the others.

    Args:
        connection: In a transaction.
        session: Whose it was.
        holder: The pipeline that served it.
        is_free: Another session may have it; not so if the service says that it was none.
    """
    mine = (quota_places.c.session == session, quota_places.c.holder == holder)
    gone = delete(quota_places).where(*mine).returning(quota_places.c.project)
    project = (await connection.execute(gone)).scalar_one_or_none()
    if project is not None and is_free:
        await connection.execute(
            delete(cool_downs).where(
                cool_downs.c.project == project,
                cool_downs.c.fault == FaultClass.CONCURRENCY.value,
            )
        )
        await _tell(connection)


async def rest(connection: AsyncConnection, begun: CoolDown, now: datetime) -> None:
    """Have the others leave alone what rests, and tell them.

    What rests for good here is tried by the others once its cool-down is over: whoever mended it
    need not start them all.
    """
    left_s = begun.until_s - time.monotonic()
    if math.isinf(left_s):
        left_s = POLICIES[begun.fault].cool_down_s
    row = {
        "project": begun.project,
        "key": begun.key,
        "model": begun.model,
        "fault": begun.fault.value,
        "until": now + timedelta(seconds=left_s),
    }
    await connection.execute(upsert(connection, cool_downs, row), row)
    await connection.execute(delete(cool_downs).where(cool_downs.c.until < now - KEPT))
    await _tell(connection)


async def resting(connection: AsyncConnection, now: datetime) -> list[CoolDown]:
    """Return what rests now, until when by this machine's monotonic clock."""
    found = await connection.execute(select(cool_downs).where(cool_downs.c.until > now))
    now_s = time.monotonic()
    return [
        CoolDown(
            row.project,
            row.key,
            row.model,
            FaultClass(row.fault),
            now_s + (row.until - now).total_seconds(),
        )
        for row in found
        if row.fault in list(FaultClass)  # Another version may know more.
    ]


async def _tell(connection: AsyncConnection) -> None:
    if connection.dialect.name == "postgresql":
        await connection.execute(text(f"NOTIFY {CHANNEL}"))
