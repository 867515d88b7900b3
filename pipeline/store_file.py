"""The SQLite file under a store: its connections, its rows, and what is done about trouble."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.files import OWNER_ONLY
from pipeline.logs import Logger

BUSY_S = 2.0
"""For a process that was killed to let go of the file; the kernel takes milliseconds."""
CACHE_KIB = 256
"""Of a connection. Rows are small and read once; SQLite's own default is 2 MiB."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (
    session TEXT NOT NULL, key TEXT NOT NULL, run INTEGER, value TEXT NOT NULL,
    PRIMARY KEY (session, key)
) WITHOUT ROWID
"""
PUT = "INSERT OR REPLACE INTO rows (session, key, run, value) VALUES (?, ?, ?, ?)"
SIDES = ("-wal", "-shm")
"""Files that SQLite keeps beside its own."""


@dataclass(frozen=True, slots=True)
class StoreRow:
    """A row; without a run it outlives the run, and a value of None removes it."""

    run: int | None
    value: Any


@dataclass
class StoreBatch:
    """What waits to be written: sessions to be emptied first, then rows."""

    emptied: set[str] = field(default_factory=set)
    rows: dict[tuple[str, str], StoreRow] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.emptied or self.rows)

    def copy(self) -> StoreBatch:
        """Return one that changes of this one do not reach."""
        return StoreBatch(set(self.emptied), dict(self.rows))

    def empty(self, session: str) -> None:
        """Remove all of a session."""
        self.rows = {at: row for at, row in self.rows.items() if at[0] != session}
        self.emptied.add(session)

    def followed_by(self, newer: StoreBatch) -> StoreBatch:
        """Both as one."""
        for session in newer.emptied:
            self.empty(session)
        return StoreBatch(self.emptied, self.rows | newer.rows)


class StoreFile:
    """Two connections to one file: that of the owner's thread reads, that of another writes.

    Trouble is logged once, until something can be written again. A damaged file is moved aside.
    The arguments are those of `Store`.
    """

    def __init__(self, path: Path, run: int, log: Logger, *, durable: bool) -> None:
        self.path = path
        self.works = True
        """False: the last attempt to read or write failed."""
        self._run = run
        self._log = log
        self._durable = durable
        self._writer: sqlite3.Connection | None = None
        self._reader = self._open()

    def read(self, query: str, *values: str) -> list[Any]:
        """Return the rows that a query finds; none if the file cannot be read."""
        if self._reader is None and self.works:
            self._reader = self._open()
        if self._reader is None:
            return []
        try:
            return self._reader.execute(query, values).fetchall()
        except sqlite3.Error as error:
            self._trouble("cannot be read", error)
            return []

    def write(self, batch: StoreBatch) -> bool:
        """Write all of a batch or none of it; return whether it is on the disk."""
        try:
            self._writer = self._writer or self._connect()
            with self._writer, closing(self._writer.cursor()) as cursor:
                cursor.execute("BEGIN IMMEDIATE")
                for session in batch.emptied:
                    cursor.execute("DELETE FROM rows WHERE session = ?", (session,))
                for (session, key), row in batch.rows.items():
                    if row.value is None:
                        at = (session, key)
                        cursor.execute("DELETE FROM rows WHERE session = ? AND key = ?", at)
                    else:
                        # In one piece, which is ten times as fast as `dump`.
                        cursor.execute(PUT, (session, key, row.run, json.dumps(row.value)))
        except sqlite3.Error as error:
            self._trouble("cannot be written", error)
            with suppress(sqlite3.Error):
                self.close_writer()
            return False
        self.works = True
        return True

    def close_reader(self) -> None:
        """Let go of the file, in the thread that reads."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def close_writer(self) -> None:
        """Let go of the file, in the thread that writes."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()

    def _open(self) -> sqlite3.Connection | None:
        try:
            return self._connect()
        except sqlite3.OperationalError as error:
            self._trouble("cannot be opened", error)
        except sqlite3.DatabaseError as error:
            aside = self._move_aside()
            self._log.error(
                "a file of the state folder is damaged: it is moved aside, and what was in it is "
                "forgotten",
                file=str(self.path),
                moved_to=str(aside),
                error=str(error),
            )
            with suppress(sqlite3.Error):
                return self._connect()
        return None

    def _connect(self) -> sqlite3.Connection:
        with suppress(OSError):
            # SQLite would make it readable for all. One that is there is not touched: to close it
            # again would let go of the locks of all connections of this process (fcntl(2)).
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, OWNER_ONLY))
        # Each connection is used by one thread at a time; `close` may be called in another.
        connection = sqlite3.connect(
            self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            connection.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'NORMAL'}")
            connection.execute(SCHEMA)
            connection.execute("DELETE FROM rows WHERE run IS NOT NULL AND run != ?", (self._run,))
        except BaseException:
            connection.close()
            raise
        return connection

    def _move_aside(self) -> Path:
        aside = self.path.with_name(f"{self.path.name}.damaged")
        with suppress(OSError):
            self.path.replace(aside)
            for side in SIDES:
                self.path.with_name(self.path.name + side).unlink(missing_ok=True)
        return aside

    def _trouble(self, what: str, error: sqlite3.Error) -> None:
        if self.works:
            self._log.warning(
                f"a file of the state folder {what}: a restart forgets what is new; "
                "see to the disk and its permissions",
                file=str(self.path),
                error=str(error),
            )
        self.works = False
