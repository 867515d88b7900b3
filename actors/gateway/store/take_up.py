"""Conversations that outlive the pipeline: taken up again when their caller comes back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.gateway.store.tables import resumption, sessions, turns
from actors.gateway.store.writing import storable
from pipeline.frames import Outcome, SessionEnd, SessionOpened, Side
from pipeline.logs import get_logger

MOST_TURNS = 20
"""That a conversation goes on from: as many as a backend keeps (actors/backends/history.py)."""
MOST_CHARACTERS = 40_000
"""Of them all: some 10,000 tokens."""
FOREIGN_PATIENCE = timedelta(hours=1)
"""After its end a session of another pipeline is over, whatever that one says: it says nothing."""
NOT_BACK = "the pipeline was stopped, and the caller did not come back"


@dataclass(frozen=True)
class RoomTimes:
    """Which pipeline this is, and how long callers may be away.

    Attributes:
        room: Its name, the same after a restart.
        started_at: When it was started.
        absence: How long a caller may be away; the time while no pipeline ran does not count.
        holder: Which pipeline has that name.
    """

    room: str
    started_at: datetime
    absence: timedelta
    holder: str = ""

    def may_return(self, row: Row[Any], now: datetime) -> bool:
        """Whether the caller of an open session may come back to it here and now."""
        if row.room == self.room and row.claimed_at >= self.started_at:
            return False  # This very pipeline opened it; if it is not open any more, it has ended.
        left_at = max(row.away_at or row.claimed_at, self.started_at)
        return now <= left_at + self.absence and (row.ends_at is None or now < row.ends_at)


async def take_up(
    connection: AsyncConnection, name: str, times: RoomTimes, now: datetime
) -> SessionOpened | None:
    """Take up the conversation of this name, if its caller may come back to it; None if not.

    Returns:
        How it is to be opened: as it was, for the rest of its time, with what was said.
    """
    found = await connection.execute(
        select(sessions, resumption.c.manner)
        .join(resumption, resumption.c.session_id == sessions.c.id)
        .where(sessions.c.name == storable(name), sessions.c.ended_at.is_(None))
        .order_by(sessions.c.claimed_at.desc())
        .limit(1)
    )
    row = found.first()
    if row is None or not times.may_return(row, now):
        return None
    epoch = row.epoch + 1
    claimed = await connection.execute(
        update(sessions)
        .where(sessions.c.id == row.id, sessions.c.epoch == row.epoch)
        .values(epoch=epoch, room=times.room, claimed_at=now, away_at=None)
    )
    if claimed.rowcount != 1:
        return None  # Another pipeline was faster.
    left_s = None if row.ends_at is None else (row.ends_at - now).total_seconds()
    changed = {
        "session": name,
        "conversation": row.id,
        "taken_up": epoch,
        "lasts_s": left_s,
        "history": [*row.manner.get("history", ()), *await _said(connection, row.id)],
        "speaks_first": False,
    }
    try:
        return SessionOpened.model_validate({**row.manner, **changed})
    except ValidationError:  # Written by a newer greenroom.
        get_logger("gateway").warning("a conversation cannot be read; it begins anew", session=name)
        return None


async def close_lost(
    connection: AsyncConnection, open_ids: Collection[str], times: RoomTimes, now: datetime
) -> None:
    """End the sessions to which nobody can come back any more."""
    found = await connection.execute(select(sessions).where(sessions.c.ended_at.is_(None)))
    lost = [row.id for row in found if row.id not in open_ids and _is_lost(row, times, now)]
    if lost:
        await connection.execute(
            update(sessions)
            .where(sessions.c.id.in_(lost))
            .values(ended_at=now, reason=SessionEnd.SOURCE_LOST.value, detail=NOT_BACK)
        )
        await connection.execute(delete(resumption).where(resumption.c.session_id.in_(lost)))


def _is_lost(row: Row[Any], times: RoomTimes, now: datetime) -> bool:
    if row.room != times.room:
        return row.ends_at is not None and now > row.ends_at + FOREIGN_PATIENCE
    return not times.may_return(row, now)


async def _said(connection: AsyncConnection, session_id: str) -> list[tuple[str, str]]:
    """Return whose words were which, oldest first."""
    found = await connection.execute(
        select(turns.c.said, turns.c.answer, turns.c.outcome)
        .where(turns.c.session_id == session_id)
        .order_by(turns.c.closed_at.desc())
        .limit(MOST_TURNS)
    )
    newest_first: list[tuple[str, str]] = []
    characters = 0
    for said, answer, outcome in found:
        heard = answer if outcome == Outcome.ANSWERED.value else ""
        characters += len(said) + len(heard)
        if characters > MOST_CHARACTERS:
            break
        newest_first += [(Side.MODEL.value, heard), (Side.USER.value, said)]
    return [(side, words) for side, words in newest_first[::-1] if words]
