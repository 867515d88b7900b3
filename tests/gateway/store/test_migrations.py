from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from database_work import done
from sqlalchemy import URL, Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.gateway.store.database import Database
from actors.gateway.store.engine import make_engine
from actors.gateway.store.errors import NewerSchemaError
from actors.gateway.store.tables import VERSION_TABLE, metadata
from actors.gateway.store.upgrade import HEAD, MIGRATIONS, schema_of, upgrade
from actors.gateway.store.url import database_url


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


REVISIONS = [script.revision for script in scripts().walk_revisions()]


def test_the_newest_migration_is_the_one_that_is_run() -> None:
    assert scripts().get_current_head() == HEAD
    assert sorted(REVISIONS, reverse=True) == REVISIONS, "they are in the order of their numbers"


def test_the_tables_are_what_the_migrations_make(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        return list(compare_metadata(context, metadata))

    found = done(database, lambda connection: connection.run_sync(differences))
    assert not found


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_earlier_schema_is_brought_to_the_newest(url: URL, revision: str) -> None:
    async def make_old() -> None:
        engine = make_engine(url)
        async with engine.begin() as connection:
            await upgrade(connection, revision)
            assert await connection.run_sync(schema_of) == revision
            await connection.execute(text(OLD_ROW))
        await engine.dispose()

    asyncio.run(make_old())
    database = Database(url)
    try:
        assert done(database, lambda c: c.run_sync(schema_of)) == HEAD
        kept = done(database, names_of_credentials)
    finally:
        database.close()
    assert kept == ["old"], "what was in it is there still"


OLD_ROW = """
INSERT INTO credentials (id, name, hash, scopes, origins, created_at)
VALUES ('1', 'old', 'abc', '[]', '[]', '2026-11-28 12:00:00')
"""


async def names_of_credentials(connection: AsyncConnection) -> list[str]:
    found = await connection.execute(text("SELECT name FROM credentials"))
    return [str(name) for name in found.scalars()]


def test_a_schema_of_a_newer_greenroom_is_left_alone(url: URL) -> None:
    database = Database(url)
    done(database, lambda c: c.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")))
    database.close()
    again = Database(url)
    try:
        with pytest.raises(NewerSchemaError, match=r"schema 9999.* update greenroom"):
            done(again, names_of_credentials)
    finally:
        again.close()


def test_a_migration_that_fails_leaves_the_tables_as_they_were(tmp_path: Path) -> None:
    url = database_url("", tmp_path)
    with sqlite3.connect(str(url.database)) as there:
        there.execute("CREATE TABLE credentials (id TEXT)")
    there.close()
    database = Database(url)
    try:
        with pytest.raises(Exception, match="table credentials already exists"):
            done(database, names_of_credentials)
    finally:
        database.close()
    with sqlite3.connect(str(url.database)) as there:
        tables = there.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    there.close()
    assert tables == [("credentials",)]
