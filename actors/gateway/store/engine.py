"""The engine that talks to the database, set up for its kind."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from pipeline.files import OWNER_ONLY

BUSY_MS = 2000
"""How long SQLite waits for another process to let go of the file: a command takes milliseconds."""
WAL = "PRAGMA journal_mode = WAL"
CONNECT_S = 3
"""For PostgreSQL to answer; a host that is down says nothing at all."""
STATEMENT_MS = 5000
"""For one statement of PostgreSQL: a lock that somebody holds must not hold us for good."""
CONNECTIONS = 3
"""At once: one writes, the others read for callers who come back."""


def make_engine(url: URL) -> AsyncEngine:
    """Return an engine; nothing is connected yet."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    arguments = {"connect_timeout": CONNECT_S, "options": f"-c statement_timeout={STATEMENT_MS}"}
    # Connections that died with the server are found before they are used.
    return create_async_engine(
        url, pool_size=CONNECTIONS, max_overflow=0, pool_pre_ping=True, connect_args=arguments
    )


def _sqlite(url: URL) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=CONNECTIONS,
        max_overflow=0,
        connect_args={"timeout": BUSY_MS / 1000, "isolation_level": None},
    )

    @event.listens_for(engine.sync_engine, "do_connect")
    def make_private(*_arguments: Any) -> None:
        with suppress(OSError):
            # SQLite would make it readable for all. One that is there is not touched: to close it
            # again would let go of the locks of all connections of this process (fcntl(2)).
            os.close(os.open(str(url.database), os.O_RDWR | os.O_CREAT | os.O_EXCL, OWNER_ONLY))

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        keep_log(cursor)
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        # What is erased is overwritten on the disk.
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes then could not wait for another writer.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def keep_log(cursor: Any) -> None:
    """Switch to WAL; for this SQLite waits for no other process that opens the file at once."""
    late_s = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            cursor.execute(WAL)
            return
        except sqlite3.OperationalError:
            if time.monotonic() > late_s:
                raise
        # For a transaction it waits.
        cursor.execute("BEGIN EXCLUSIVE")
        cursor.execute("COMMIT")
