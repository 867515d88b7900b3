"""What is known of sessions that are over."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.gateway.store.tables import sessions, turns
from actors.gateway.store.writing import storable


async def past_session(connection: AsyncConnection, name: str) -> dict[str, Any] | None:
    """Return the newest session of this name that has ended, as plain values; None: there is none.

    Among them `cost`, as far as it is known, in the currency of the price table, and `answered_by`,
    the backend that answered last.
    """
    found = await connection.execute(
        select(sessions)
        .where(sessions.c.name == storable(name), sessions.c.ended_at.is_not(None))
        .order_by(sessions.c.opened_at.desc())
        .limit(1)
    )
    row = found.first()
    if row is None:
        return None
    of_it: ColumnElement[bool] = turns.c.session_id == row.id
    count, cost = (
        await connection.execute(select(func.count(), func.sum(turns.c.cost)).where(of_it))
    ).one()
    last = await connection.scalar(
        select(turns.c.backend)
        .where(of_it, turns.c.backend != "")
        .order_by(turns.c.closed_at.desc())
        .limit(1)
    )
    return {
        "name": row.name,
        "labels": row.labels,
        "opened_at": row.opened_at.isoformat(),
        "ended_at": row.ended_at.isoformat(),
        "reason": row.reason or "",
        "detail": row.detail or "",
        "turns": count,
        "cost": cost,
        "answered_by": last or "",
    }
