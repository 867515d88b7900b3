"""Writes changes of rows: those of a kind together, in one transaction."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Table, and_, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.gateway.store.changes import Change, ChangeKind
from actors.gateway.store.tables import metadata, sessions
from pipeline.frames.values import whole_text

KEY = "key_"
"""Before the names of parameters that say which row: a column may be in both places."""


async def write_changes(connection: AsyncConnection, changes: Sequence[Change]) -> int:
    """Write changes in their order; return how many were not, as their session was erased."""
    sessions_first = sorted(changes, key=lambda change: change.table != sessions.name)
    left_out = 0
    for (table, kind, _columns), group in groupby(sessions_first, key=_alike):
        rows = list(group)
        target = metadata.tables[table]
        if target is not sessions and kind is ChangeKind.PUT:
            known = await _known_sessions(connection, rows)
            left_out += sum(row.key["session_id"] not in known for row in rows)
            rows = [row for row in rows if row.key["session_id"] in known]
        if rows:
            await _write(connection, target, kind, rows)
    return left_out


def _alike(change: Change) -> tuple[str, ChangeKind, tuple[str, ...]]:
    return change.table, change.kind, (*change.key, *change.values, *change.only_if)


async def _known_sessions(connection: AsyncConnection, rows: Iterable[Change]) -> set[str]:
    wanted = {row.key["session_id"] for row in rows}
    # Locked, so that nobody erases it before the row is written; SQLite has one writer anyway.
    found = await connection.execute(
        select(sessions.c.id)
        .where(sessions.c.id.in_(wanted))
        .with_for_update(read=True, key_share=True)
    )
    return set(found.scalars())


async def _write(
    connection: AsyncConnection, table: Table, kind: ChangeKind, rows: Sequence[Change]
) -> None:
    first = rows[0]
    if kind is ChangeKind.PUT:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        insert = dialect.insert(table)
        put = insert.on_conflict_do_update(
            index_elements=list(table.primary_key.columns),
            set_={name: insert.excluded[name] for name in first.values},
        )
        await connection.execute(put, [storable({**row.key, **row.values}) for row in rows])
        return
    names = (*first.key, *first.only_if)
    which = and_(*(table.c[name] == bindparam(KEY + name) for name in names))
    keys = [
        {KEY + name: storable(value) for name, value in {**row.key, **row.only_if}.items()}
        for row in rows
    ]
    if kind is ChangeKind.DELETE:
        await connection.execute(delete(table).where(which), keys)
        return
    change = update(table).where(which).values({name: bindparam(name) for name in first.values})
    parameters: list[dict[str, Any]] = [
        {**key, **storable(row.values)} for key, row in zip(keys, rows, strict=True)
    ]
    await connection.execute(change, parameters)


def storable(value: Any) -> Any:
    """Return a value as every database takes it; callers send what some do not.

    Text without NUL and half surrogate pairs, numbers that JSON knows.
    """
    match value:
        case str():
            return whole_text(value).replace("\0", "\N{REPLACEMENT CHARACTER}")
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {str(storable(key)): storable(each) for key, each in value.items()}
        case list() | tuple():
            return [storable(each) for each in value]
    return value
