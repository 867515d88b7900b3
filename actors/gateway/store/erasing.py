"""Sessions erased with all that belongs to them: on request, or when they are old enough."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.gateway.store.tables import sessions
from actors.gateway.store.writing import storable

# Turns, calls and resumption state go with the row of their session: ON DELETE CASCADE.


async def erase_session(connection: AsyncConnection, name: str) -> list[str]:
    """Erase all sessions of a name; return the names."""
    return await _erase(connection, sessions.c.name == storable(name))


async def erase_label(connection: AsyncConnection, key: str, value: str) -> list[str]:
    """Erase all sessions with a label; return their names."""
    name, text = storable(key), storable(value)
    if connection.dialect.name != "sqlite":
        return await _erase(connection, sessions.c.labels[name].as_string() == text)
    # A path of SQLite finds no name that is escaped in JSON, as one with an accent is.
    each = func.json_each(sessions.c.labels).table_valued("key", "value")
    found = select(each.c.key).where(each.c.key == name, each.c.value == text)
    return await _erase(connection, found.exists())


async def erase_before(connection: AsyncConnection, moment: datetime) -> list[str]:
    """Erase what ended before a moment, and what began before it and never ended."""
    since = func.coalesce(sessions.c.ended_at, sessions.c.ends_at, sessions.c.opened_at)
    return await _erase(connection, since < moment)


async def _erase(connection: AsyncConnection, which: ColumnElement[bool]) -> list[str]:
    done = await connection.execute(delete(sessions).where(which).returning(sessions.c.name))
    return sorted(done.scalars())
