"""Rows that are made, or changed where they are there already; alike in SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert_into(connection: AsyncConnection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an insert of the database's own kind, which can say what becomes of rows there are."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def upsert(
    connection: AsyncConnection,
    table: Table,
    columns: Collection[str],
    where: ColumnElement[bool] | None = None,
) -> postgresql.Insert | sqlite.Insert:
    """Return a statement that puts rows by their primary key.

    Args:
        connection: That is to execute it.
        table: Of the rows.
        columns: That they have; those of the key do not change.
        where: Of which rows that are there; None: of all.
    """
    insert = insert_into(connection, table)
    key = table.primary_key.columns
    changed = {name: insert.excluded[name] for name in columns if name not in key}
    return insert.on_conflict_do_update(index_elements=list(key), set_=changed, where=where)
