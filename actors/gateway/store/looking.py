"""What is known of sessions that are over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.gateway.store.tables import sessions, turns


@dataclass(frozen=True)
class PastSession:
    """A session that has ended.

    Attributes:
        name: As its caller knows it.
        labels: Of its caller.
        opened_at: When it began.
        ended_at: When it ended.
        reason: Why, as of `SessionEnd`.
        detail: The same in words.
        turns: How many were closed.
        cost: As far as it is known, in the currency of the price table.
        answered_by: The backend that answered last.
    """

    name: str
    labels: dict[str, str]
    opened_at: datetime
    ended_at: datetime
    reason: str
    detail: str
    turns: int
    cost: float | None
    answered_by: str

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        moments = {"opened_at": self.opened_at, "ended_at": self.ended_at}
        return vars(self) | {key: moment.isoformat() for key, moment in moments.items()}


async def past_session(connection: AsyncConnection, name: str) -> PastSession | None:
    """Return the newest session of this name that has ended; None if there is none."""
    found = await connection.execute(
        select(sessions)
        .where(sessions.c.name == name, sessions.c.ended_at.is_not(None))
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
    return PastSession(
        name=row.name,
        labels=row.labels,
        opened_at=row.opened_at,
        ended_at=row.ended_at,
        reason=row.reason or "",
        detail=row.detail or "",
        turns=count,
        cost=cost,
        answered_by=last or "",
    )
