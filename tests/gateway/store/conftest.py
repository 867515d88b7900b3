from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from postgres_server import PostgresServer
from sqlalchemy import URL

from actors.gateway.store.database import Database
from actors.gateway.store.url import database_url

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def make_postgres() -> Iterator[Callable[[], PostgresServer]]:
    """Return what starts a server, once, for the tests that ask for one."""
    # Its socket's path may have 107 characters, and another user is to reach it.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    folder.chmod(0o755)
    servers: list[PostgresServer] = []

    def make() -> PostgresServer:
        if not servers:
            servers.append(PostgresServer(folder / "server"))
        return servers[0]

    yield make
    for server in servers:
        server.stop()
    shutil.rmtree(folder)


@pytest.fixture(params=BOTH)
def url(
    request: pytest.FixtureRequest, tmp_path: Path, make_postgres: Callable[[], PostgresServer]
) -> URL:
    """Return the URL of a new, empty database."""
    if request.param == "sqlite":
        return database_url("", tmp_path)
    name = f"test_{abs(hash(request.node.nodeid)):x}"
    return database_url(make_postgres().make_database(name), tmp_path)


@pytest.fixture
def database(url: URL) -> Iterator[Database]:
    """Return a new database."""
    opened = Database(url)
    yield opened
    opened.close()
