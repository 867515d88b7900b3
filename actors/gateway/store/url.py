"""Which database: SQLite in the state folder unless a URL names another."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from actors.gateway.store.errors import DatabaseUrlError

FILE = "callers.sqlite3"
SQLITE, POSTGRES = "sqlite", "postgresql"
DRIVERS = {
    "sqlite": (SQLITE, "aiosqlite"),
    "postgresql": (POSTGRES, "psycopg"),
    "postgres": (POSTGRES, "psycopg"),
}
"""By the scheme of the URL; `postgres:` is what hosters write."""


def database_url(option: str, state_dir: Path, environment: Mapping[str, str] = os.environ) -> URL:
    """Return the URL of the database that `options.database` of the gateway names.

    Args:
        option: A URL, `$NAME` of a variable that holds one, or nothing for the default.
        state_dir: Folder of the default, and of a file with a relative path.
        environment: Where variables are.

    Raises:
        DatabaseUrlError: it is no URL of a database that is known, or its driver is missing.
    """
    text = _resolved(option, environment) or f"sqlite:///{FILE}"
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # The latter for a port that is none.
        raise DatabaseUrlError(
            "options.database is no URL: write postgresql://user@host/name or sqlite:///path.sqlite3"
        ) from None
    scheme = url.drivername.partition("+")[0]
    if scheme not in DRIVERS:
        raise DatabaseUrlError(
            f"options.database: {scheme!r} is not supported: sqlite or postgresql"
        )
    kind, driver = DRIVERS[scheme]
    if find_spec(driver) is None:
        extra = "gateway" if kind == SQLITE else "postgres"
        raise DatabaseUrlError(f"{kind} needs more: pip install 'greenroom[{extra}]'")
    if option and not option.startswith("$") and url.password:
        raise DatabaseUrlError(
            "options.database has a password in it: write `$NAME` there and set the variable NAME "
            "to the URL, or put the password into ~/.pgpass or PGPASSWORD"
        )
    url = url.set(drivername=f"{kind}+{driver}")
    if kind == SQLITE:
        if not url.database or url.database == ":memory:":
            raise DatabaseUrlError("options.database names no file: write sqlite:///path.sqlite3")
        url = url.set(database=str(state_dir / url.database))
    return url


def _resolved(option: str, environment: Mapping[str, str]) -> str:
    if not option.startswith("$"):
        return option
    value = environment.get(option[1:], "")
    if not value:
        raise DatabaseUrlError(f"options.database is {option}, and that variable is not set")
    return value
