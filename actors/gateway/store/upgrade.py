"""Brings the tables of a database to the newest schema."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.gateway.store.errors import NewerSchemaError
from actors.gateway.store.tables import VERSION_TABLE

MIGRATIONS = Path(__file__).with_name("migrations")
HEAD = "0006"
"""The newest migration: Alembic, which takes half a second to import, is for the others."""
LOCK = 0x67726E72
"""Key of PostgreSQL's advisory lock: of two gateways that start at once one migrates. "grnr"."""


async def upgrade(connection: AsyncConnection, revision: str = HEAD) -> None:
    """Run the migrations that are missing, all or none of them.

    Raises:
        NewerSchemaError: a newer greenroom has changed the tables.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    found = await connection.run_sync(schema_of)
    if found == revision:
        return
    if found > HEAD:
        raise NewerSchemaError(
            f"the database has schema {found}, and this greenroom knows {HEAD}: update greenroom, "
            "or give it a database of its own (options.database of the gateway)"
        )
    await connection.run_sync(_migrate, revision)


def schema_of(connection: Connection) -> str:
    """Return the newest migration that was run; empty for a new database."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return ""
    found = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    return str(found or "")


def _migrate(connection: Connection, revision: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
