from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from database_work import done
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.gateway.store.credentials import list_credentials
from actors.gateway.store.database import Database
from actors.gateway.store.engine import BUSY_MS, WAL, keep_log
from actors.gateway.store.errors import DatabaseAwayError, DatabaseUrlError
from actors.gateway.store.url import database_url
from benchmarks.postgres_server import PostgresServer
from pipeline.errors import ConfigError


def test_work_is_done_in_a_thread_of_its_own(database: Database) -> None:
    async def where(_connection: AsyncConnection) -> str:
        return threading.current_thread().name

    assert done(database, where) == "database"


def test_work_that_fails_leaves_nothing_behind(database: Database) -> None:
    async def half(connection: AsyncConnection) -> None:
        await connection.execute(text("DELETE FROM greenroom_schema"))
        raise KeyError("bug")

    with pytest.raises(KeyError):
        done(database, half)
    left = done(database, lambda c: c.scalar(text("SELECT count(*) FROM greenroom_schema")))
    assert left == 1


def test_many_at_once_do_not_disturb_each_other(database: Database) -> None:
    async def note(connection: AsyncConnection) -> None:
        await connection.execute(text("UPDATE greenroom_schema SET version_num = version_num"))

    async def all_at_once() -> None:
        await asyncio.gather(*(database.run(note) for _ in range(20)))

    asyncio.run(all_at_once())


def test_it_can_be_used_from_one_event_loop_after_another(database: Database) -> None:
    for _ in range(2):
        assert asyncio.run(database.run(list_credentials)) == []


def test_two_at_once_make_the_tables_of_a_new_database(tmp_path: Path) -> None:
    both = [Database(database_url("", tmp_path)) for _ in range(2)]

    async def at_once() -> list[object]:
        return list(await asyncio.gather(*(each.run(list_credentials) for each in both)))

    try:
        assert asyncio.run(at_once()) == [[], []]
    finally:
        for each in both:
            each.close()


def test_a_new_file_that_another_process_opens_at_once_is_waited_for() -> None:
    # SQLite refuses it at once if both come within the same microseconds, which is rare.
    done: list[str] = []

    class Cursor:
        def execute(self, statement: str) -> None:
            done.append(statement)
            if len(done) == 1:
                raise sqlite3.OperationalError("database is locked")

    keep_log(Cursor())
    assert done == [WAL, "BEGIN EXCLUSIVE", "COMMIT", WAL]


def test_who_opens_and_closes_at_once_leaves_nothing_behind(tmp_path: Path) -> None:
    for number in range(20):
        database = Database(database_url("", tmp_path / str(number % 2)))
        (tmp_path / str(number % 2)).mkdir(exist_ok=True)

        async def vanish(database: Database = database) -> None:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await database.run(list_credentials)

        asyncio.run(vanish())
        database.close()
    left = [each.name for each in threading.enumerate() if each.name == "database"]
    assert not left


def test_the_file_is_nobody_elses(tmp_path: Path) -> None:
    database = Database(database_url("", tmp_path))
    asyncio.run(database.run(list_credentials))
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    database.close()
    assert modes
    assert set(modes.values()) == {0o600}


READ = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
print(database.execute("SELECT version_num FROM greenroom_schema").fetchone()[0])
database.close()
"""


def test_other_programs_may_read_the_file_meanwhile(tmp_path: Path) -> None:
    """Who opens the file and closes it again in one process lets go of all that process' locks."""
    database = Database(database_url("", tmp_path))

    def read() -> str:
        command = [sys.executable, "-c", READ, str(database.url.database)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    async def all_connections() -> None:
        await asyncio.gather(*(database.run(list_credentials) for _ in range(10)))

    try:
        asyncio.run(all_connections())
        for version in ("a", "b", "c"):
            change = text(f"UPDATE greenroom_schema SET version_num = '{version}'")
            done(database, lambda c, change=change: c.execute(change))  # type: ignore[misc]
            assert read() == version
    finally:
        database.close()


class TestAway:
    def test_locked(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("actors.gateway.store.engine.BUSY_MS", 50)
        assert BUSY_MS > 50
        database = Database(database_url("", tmp_path))
        done(database, list_credentials)
        other = sqlite3.connect(str(database.url.database), isolation_level=None)
        try:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(DatabaseAwayError, match="database is locked"):
                done(database, list_credentials)
            other.execute("ROLLBACK")
            assert done(database, list_credentials) == []
        finally:
            other.close()
            database.close()

    def test_damaged(self, tmp_path: Path) -> None:
        url = database_url("", tmp_path)
        Path(str(url.database)).write_bytes(b"no database" * 1000)
        database = Database(url)
        try:
            with pytest.raises(DatabaseAwayError, match="file is not a database"):
                done(database, list_credentials)
        finally:
            database.close()
        assert Path(str(url.database)).read_bytes().startswith(b"no database")

    def test_the_folder_is_missing_and_comes_back(self, tmp_path: Path) -> None:
        database = Database(database_url("", tmp_path / "disk"))
        try:
            with pytest.raises(DatabaseAwayError, match="unable to open"):
                done(database, list_credentials)
            (tmp_path / "disk").mkdir()
            assert done(database, list_credentials) == []
        finally:
            database.close()

    def test_full(self, tmp_path: Path) -> None:
        database = Database(database_url("", tmp_path))
        done(database, list_credentials)

        async def fill(connection: AsyncConnection) -> None:
            # As many pages as there are: SQLite says the same of a disk that is full.
            await connection.execute(text("PRAGMA max_page_count = 1"))
            await connection.execute(text("CREATE TABLE large AS SELECT zeroblob(1000000)"))

        try:
            with pytest.raises(DatabaseAwayError, match="database or disk is full"):
                done(database, fill)
        finally:
            database.close()

    def test_removed_while_it_is_used(self, tmp_path: Path) -> None:
        database = Database(database_url("", tmp_path))
        done(database, list_credentials)
        for path in tmp_path.iterdir():
            path.unlink()
        try:
            assert done(database, list_credentials) == []
            assert Path(str(database.url.database)).exists()
        finally:
            database.close()


class TestUrl:
    def test_sqlite_in_the_state_folder_is_the_default(self, tmp_path: Path) -> None:
        url = database_url("", tmp_path)
        assert url.render_as_string() == f"sqlite+aiosqlite:///{tmp_path}/callers.sqlite3"

    @pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
    def test_postgresql_has_one_driver(self, scheme: str, tmp_path: Path) -> None:
        assert database_url(f"{scheme}://db/x", tmp_path).drivername == "postgresql+psycopg"

    def test_a_variable_may_hold_it_with_the_password(self, tmp_path: Path) -> None:
        url = database_url("$DB", tmp_path, {"DB": "postgres://a:secret@db/x"})
        assert url.password == "secret"
        assert "secret" not in str(Database(url))

    @pytest.mark.parametrize(
        ("option", "what"),
        [
            ("$DB", "variable is not set"),
            ("callers.sqlite3", "is no URL"),
            ("mysql://a@b/c", "'mysql' is not supported"),
            ("sqlite://", "names no file"),
            ("postgres://a:secret@db/x", "has a password"),
            ("postgres://a@db:x/y", "is no URL"),
        ],
    )
    def test_what_is_no_database_is_said(self, option: str, what: str, tmp_path: Path) -> None:
        with pytest.raises(DatabaseUrlError, match=what) as raised:
            database_url(option, tmp_path, {})
        assert isinstance(raised.value, ConfigError)
        assert "secret" not in str(raised.value)


@pytest.mark.postgres
def test_postgresql_is_killed_and_comes_back(
    make_postgres: Callable[[], PostgresServer], tmp_path: Path
) -> None:
    server = make_postgres()
    database = Database(database_url(server.make_database("killed"), tmp_path))
    try:
        assert done(database, list_credentials) == []
        server.stop()
        with pytest.raises(DatabaseAwayError) as raised:
            done(database, list_credentials)
        assert "SELECT" not in str(raised.value), "in the driver's words, without the statement"
        server.start()
        assert done(database, list_credentials) == []
    finally:
        database.close()
