"""Who is where: the open conversations of all rooms."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.gateway.store.tables import sessions

MOST = 1000
"""Conversations that are listed, the newest first: more than a page shows, and some 200 KB."""


async def whereabouts(connection: AsyncConnection) -> list[dict[str, Any]]:
    """Return the open conversations as plain values, those that moved last first.

    `moves` is how often a room took it up from another, or from its own pipeline of before.
    """
    found = await connection.execute(
        select(sessions)
        .where(sessions.c.ended_at.is_(None))
        .order_by(sessions.c.claimed_at.desc(), sessions.c.id)
        .limit(MOST)
    )
    return [
        {
            "session_id": row.name,
            "room": row.room,
            "state": "away" if row.away_at is not None else "here",
            "moves": row.epoch,
            "here_since": row.claimed_at.timestamp(),
            "opened_at": row.opened_at.timestamp(),
            "labels": row.labels,
        }
        for row in found
    ]
