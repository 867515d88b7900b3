"""Conversations that outlive the pipeline: taken up again when their caller comes back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Row, Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.gateway.ear import JUMP_SAMPLES
from actors.gateway.errors import ElsewhereError
from actors.gateway.past_sessions import Owns, check_own
from actors.gateway.rooms.taken_up import TakenUp
from actors.gateway.store.tables import resumption, rooms, sessions, turns
from actors.gateway.store.writing import storable
from actors.lib.audio.pcm import SPEECH_RATE_HZ
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
        """Whether the caller of an open session may come back to it here and now.

        Args:
            row: Of the session, with `lease_until` of the room that has it; None: no room.
            now: The time.
        """
        if row.room == self.room and row.claimed_at >= self.started_at:
            return False  # This very pipeline opened it; if it is not open any more, it has ended.
        left_at = row.away_at or row.claimed_at
        if row.away_at is None and row.room != self.room and row.lease_until is not None:
            # It had its caller until it said no more.
            left_at = min(row.lease_until, now)
        left_at = max(left_at, self.started_at)
        return now <= left_at + self.absence and (row.ends_at is None or now < row.ends_at)

    def is_elsewhere(self, row: Row[Any], now: datetime) -> bool:
        """Whether another room has a session, and is alive."""
        return row.room != self.room and row.lease_until is not None and now < row.lease_until


async def take_up(
    connection: AsyncConnection,
    name: str,
    times: RoomTimes,
    owns: Owns,
    now: datetime,
    *,
    moves: bool,
) -> TakenUp | None:
    """Take up the conversation of this name, if its caller may come back to it; None if not.

    Args:
        connection: To the database.
        name: Of the session.
        times: Which pipeline this is.
        owns: Whether it is of who asks.
        now: The time.
        moves: It is the caller who asks: it is taken up from a room that is alive as well.

    Returns:
        How it is to be opened: as it was, for the rest of its time, with what was said.

    Raises:
        AccessDeniedError: it is somebody else's.
        ElsewhereError: another room has it, and it does not move.
    """
    found = await connection.execute(
        _with_rooms(select(sessions, resumption.c.manner, rooms.c.lease_until, rooms.c.address))
        .where(sessions.c.name == storable(name), sessions.c.ended_at.is_(None))
        .order_by(sessions.c.claimed_at.desc())
        .limit(1)
    )
    row = found.first()
    if row is None or not times.may_return(row, now):
        return None
    # Before anything is taken from the room that has it.
    check_own(SessionOpened(session=name, labels=row.labels), owns)
    if times.is_elsewhere(row, now) and not moves:
        raise ElsewhereError(
            f"the session {name!r} is in the room {row.room!r}: ask it at {row.address}"
        )
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
        manner = SessionOpened.model_validate({**row.manner, **changed})
    except ValidationError:  # Written by a newer greenroom.
        get_logger("gateway").warning("a conversation cannot be read; it begins anew", session=name)
        return None
    done = row.done_position or 0
    # Its time line began when it was opened, and may be ahead of the clock.
    age_samples = int((now - row.opened_at).total_seconds() * SPEECH_RATE_HZ)
    return TakenUp(manner, max(done, age_samples) + JUMP_SAMPLES, done, row.done_sound)


async def epochs_of(connection: AsyncConnection, conversations: Collection[str]) -> dict[str, int]:
    """Return how often each has been taken up; one that was erased is not among them."""
    found = await connection.execute(
        select(sessions.c.id, sessions.c.epoch).where(sessions.c.id.in_(conversations))
    )
    return {row.id: row.epoch for row in found}


def _with_rooms(wanted: Select[Any]) -> Select[Any]:
    """Join resumption and, if the room that has a session has a name, its row."""
    return wanted.join(resumption, resumption.c.session_id == sessions.c.id).outerjoin(
        rooms, rooms.c.name == sessions.c.room
    )


async def close_lost(
    connection: AsyncConnection, open_ids: Collection[str], times: RoomTimes, now: datetime
) -> None:
    """End the sessions to which nobody can come back any more."""
    found = await connection.execute(
        select(sessions, rooms.c.lease_until)
        .outerjoin(rooms, rooms.c.name == sessions.c.room)
        .where(sessions.c.ended_at.is_(None))
    )
    lost = [row.id for row in found if row.id not in open_ids and _is_lost(row, times, now)]
    if lost:
        await connection.execute(
            update(sessions)
            .where(sessions.c.id.in_(lost))
            .values(ended_at=now, reason=SessionEnd.SOURCE_LOST.value, detail=NOT_BACK)
        )
        await connection.execute(delete(resumption).where(resumption.c.session_id.in_(lost)))


def _is_lost(row: Row[Any], times: RoomTimes, now: datetime) -> bool:
    if row.room != times.room and row.lease_until is not None:
        return now > row.lease_until + times.absence and not times.may_return(row, now)
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
