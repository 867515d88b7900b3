"""Writes changes of rows: those of a kind together, in one transaction."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Table, and_, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.gateway.store.changes import Change, ChangeKind
from actors.gateway.store.tables import metadata, sessions
from actors.gateway.store.upsert import insert_into
from pipeline.frames.values import whole_text

KEY = "key_"
"""Before the names of parameters that say which row: a column may be in both places."""

ONE_OF = {"turns": ["session_id", "turn"]}
"""Columns of which a table has one row, where that is not its primary key."""
HAPPENED = ("closed_at", "called_at")
"""Columns that say when what a row tells of was."""


class LeftOut(NamedTuple):
    """Changes that were not written.

    Attributes:
        erased: Their session was erased.
        overtaken: Another pipeline has taken the session up, and has more to say of it.
    """

    erased: int
    overtaken: int


class HeldSession(NamedTuple):
    """Since when a session is held by whom."""

    epoch: int
    claimed_at: datetime


async def write_changes(connection: AsyncConnection, changes: Sequence[Change]) -> LeftOut:
    """Write changes in their order; return how many were not."""
    sessions_first = sorted(changes, key=lambda change: change.table != sessions.name)
    erased = overtaken = 0
    for (table, kind, _columns), group in groupby(sessions_first, key=_alike):
        rows = list(group)
        target = metadata.tables[table]
        if target is not sessions and kind is ChangeKind.PUT:
            known = await _known_sessions(connection, rows)
            there = [row for row in rows if row.key["session_id"] in known]
            erased += len(rows) - len(there)
            rows = [row for row in there if _is_due(row, known[row.key["session_id"]])]
            overtaken += len(there) - len(rows)
        if rows:
            overtaken += len(rows) - await _write(connection, target, kind, rows)
    return LeftOut(erased, overtaken)


def _alike(change: Change) -> tuple[str, ChangeKind, tuple[str, ...]]:
    return change.table, change.kind, (*change.key, *change.values, *change.only_if)


def _is_due(row: Change, session: HeldSession) -> bool:
    """Whether it was this pipeline's to say when it happened."""
    if "epoch" not in row.key or row.key["epoch"] >= session.epoch:
        return True
    happened_at = next((row.values[each] for each in HAPPENED if each in row.values), None)
    return happened_at is not None and happened_at <= session.claimed_at


async def _known_sessions(
    connection: AsyncConnection, rows: Iterable[Change]
) -> dict[str, HeldSession]:
    wanted = {row.key["session_id"] for row in rows}
    # Locked, so that nobody erases it before the row is written; SQLite has one writer anyway.
    found = await connection.execute(
        select(sessions.c.id, sessions.c.epoch, sessions.c.claimed_at)
        .where(sessions.c.id.in_(wanted))
        .with_for_update(read=True, key_share=True)
    )
    return {row.id: HeldSession(row.epoch, row.claimed_at) for row in found}


async def _write(
    connection: AsyncConnection, table: Table, kind: ChangeKind, rows: Sequence[Change]
) -> int:
    """Return how many were written, as far as it can be known."""
    first = rows[0]
    if kind is ChangeKind.PUT:
        insert = insert_into(connection, table)
        one = ONE_OF.get(table.name) or [each.name for each in table.primary_key.columns]
        changed = {*first.values, *first.key} - set(one)
        put = insert.on_conflict_do_update(
            index_elements=one,
            set_={name: insert.excluded[name] for name in changed},
            where=table.c.epoch <= insert.excluded.epoch if "epoch" in table.c else None,
        )
        await connection.execute(put, [storable({**row.key, **row.values}) for row in rows])
        return len(rows)
    owner = table if "epoch" in table.c else sessions
    which = and_(
        *(table.c[name] == bindparam(KEY + name) for name in first.key),
        *(owner.c[name] == bindparam(KEY + name) for name in first.only_if),
    )
    if owner is not table and first.only_if:
        own = select(sessions.c.id).where(sessions.c.id == table.c.session_id, which)
        which = own.correlate(table).exists()
    keys = [
        {KEY + name: storable(value) for name, value in {**row.key, **row.only_if}.items()}
        for row in rows
    ]
    if kind is ChangeKind.DELETE:
        await connection.execute(delete(table).where(which), keys)
        return len(rows)
    change = update(table).where(which).values({name: bindparam(name) for name in first.values})
    parameters: list[dict[str, Any]] = [
        {**key, **storable(row.values)} for key, row in zip(keys, rows, strict=True)
    ]
    done = await connection.execute(change, parameters)
    # A turn of which the cost comes late may have been dropped, or erased; a session says more.
    return done.rowcount if table is sessions else len(rows)


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
