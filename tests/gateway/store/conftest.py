from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import URL

from actors.gateway.store.database import Database
from actors.gateway.store.url import database_url
from benchmarks.postgres_server import PostgresServer, postgres_server

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def make_postgres() -> Iterator[Callable[[], PostgresServer]]:
    """Return what starts a server, once, for the tests that ask for one."""
    with ExitStack() as stack:
        yield cache(lambda: stack.enter_context(postgres_server()))


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
