"""The one crash-safe store: rows of JSON by session and key, in SQLite, written off the loop.

`put` returns at once; a thread writes all that waits in one transaction, so what is on the disk is
always the state at one moment. It survives the end of the process, SIGKILL included, from the
moment it is written: some 1 ms later, or when `written` returns, for whoever wants to wait.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from pipeline.files import OWNER_ONLY
from pipeline.logs import Logger

RETRY_S = 5.0
"""How often what a full or missing disk did not take is tried again."""
BUSY_S = 2.0
"""For a process that was killed to let go of the file; the kernel takes milliseconds."""
CACHE_KIB = 256
"""Of a connection. Rows are small and read once; SQLite's own default is 2 MiB."""
CLOSE_S = 2.0
"""For the last rows: an actor has 3 s to end."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (
    session TEXT NOT NULL, key TEXT NOT NULL, run INTEGER, value TEXT NOT NULL,
    PRIMARY KEY (session, key)
) WITHOUT ROWID
"""
PUT = "INSERT OR REPLACE INTO rows (session, key, run, value) VALUES (?, ?, ?, ?)"
SIDES = ("-wal", "-shm")
"""Files that SQLite keeps beside its own."""

Told = Callable[[bool], None]


@dataclass(frozen=True, slots=True)
class _Row:
    run: int | None
    value: Any
    """None: the row is removed."""


@dataclass
class _Batch:
    """What waits to be written: sessions to be emptied first, then rows."""

    emptied: set[str] = field(default_factory=set)
    rows: dict[tuple[str, str], _Row] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.emptied or self.rows or self.told)

    def empty(self, session: str) -> None:
        """Remove all of a session."""
        self.rows = {at: row for at, row in self.rows.items() if at[0] != session}
        self.emptied.add(session)

    def followed_by(self, newer: _Batch) -> _Batch:
        """Both as one."""
        for session in newer.emptied:
            self.empty(session)
        return _Batch(self.emptied, self.rows | newer.rows, newer.told)


class Store:
    """Rows of one owner: an actor's file in the state folder. For one process at a time.

    Trouble with the disk is logged once, and what could not be written is kept and tried again:
    the conversation goes on. A damaged file is moved aside, and said.

    Args:
        path: The file; readable by its owner only.
        run: Start of the pipeline's run, monotonic ns: rows of other runs are forgotten, unless
            they were put with `outlives_run`.
        log: Told of trouble.
        durable: What is written survives a power cut, too; each write then waits for the disk.
    """

    def __init__(self, path: Path, run: int, log: Logger, *, durable: bool = False) -> None:
        self.path = path
        self._run = run
        self._log = log
        self._durable = durable
        self._lock = threading.Condition()
        self._waiting = _Batch()
        self._writing = _Batch()
        self._works = True
        self._closing = False
        self._thread: threading.Thread | None = None
        self._reader = self._open()

    def get(self, session: str, key: str) -> Any:
        """Return a row, as put last; None if there is none."""
        with self._lock:
            for batch in (self._waiting, self._writing):
                row = batch.rows.get((session, key))
                if row is not None:
                    return row.value
                if session in batch.emptied:
                    return None
        found = self._read("SELECT value FROM rows WHERE session = ? AND key = ?", session, key)
        return json.loads(found[0][0]) if found else None

    def items(self, session: str) -> dict[str, Any]:
        """Return all rows of a session by key, in the order of their keys."""
        # First the disk: what is being written meanwhile is still in a batch, or on it already.
        with self._lock:
            batches = [self._copy(self._writing), self._copy(self._waiting)]
        found = self._read("SELECT key, value FROM rows WHERE session = ?", session)
        values = {key: json.loads(value) for key, value in found}
        for batch in batches:
            if session in batch.emptied:
                values = {}
            values |= {at[1]: row.value for at, row in batch.rows.items() if at[0] == session}
        return {key: values[key] for key in sorted(values) if values[key] is not None}

    def sessions(self) -> list[str]:
        """Return the sessions that have rows on the disk."""
        return [name for (name,) in self._read("SELECT DISTINCT session FROM rows ORDER BY 1")]

    def put(self, session: str, key: str, value: Any, *, outlives_run: bool = False) -> None:
        """Keep a row from now on; returns at once.

        Args:
            session: Whose.
            key: Replaces the row of the same key.
            value: Plain values for JSON, not None; not to be changed afterwards.
            outlives_run: Keep it when the pipeline is started anew.
        """
        row = _Row(None if outlives_run else self._run, value)
        with self._lock:
            self._waiting.rows[session, key] = row
            self._wake()

    def remove(self, session: str, key: str | None = None) -> None:
        """Forget a row; without a key all of a session: it has ended."""
        with self._lock:
            if key is None:
                self._waiting.empty(session)
            else:
                self._waiting.rows[session, key] = _Row(None, None)
            self._wake()

    async def written(self) -> bool:
        """Return when all that was put before is on the disk; False: it cannot be written now."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bool] = loop.create_future()

        def finish(well: bool) -> None:
            if not done.done():
                done.set_result(well)

        def tell(well: bool) -> None:
            with suppress(RuntimeError):  # The loop is closed: nobody waits any more.
                loop.call_soon_threadsafe(finish, well)

        self._tell(tell)
        return await done

    def wait_written(self, timeout_s: float = CLOSE_S) -> bool:
        """As `written`, for a thread; False also when it takes too long."""
        results: SimpleQueue[bool] = SimpleQueue()
        self._tell(results.put)
        try:
            return results.get(timeout=timeout_s)
        except Empty:
            return False

    def close(self) -> None:
        """Write what waits and let go of the file; waits up to `CLOSE_S` s for the disk."""
        with self._lock:
            self._closing = True
            self._lock.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(CLOSE_S)
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    # The reading side: the thread of the owner.

    def _open(self) -> sqlite3.Connection | None:
        try:
            return self._opened()
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
                return self._opened()
        return None

    def _opened(self) -> sqlite3.Connection:
        with suppress(OSError):
            # SQLite would make it readable for all.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, OWNER_ONLY))
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

    def _read(self, query: str, *values: str) -> list[Any]:
        if self._reader is None and self._works and not self._closing:
            self._reader = self._open()
        if self._reader is None:
            return []
        try:
            return self._reader.execute(query, values).fetchall()
        except sqlite3.Error as error:
            self._trouble("cannot be read", error)
            return []

    @staticmethod
    def _copy(batch: _Batch) -> _Batch:
        return _Batch(set(batch.emptied), dict(batch.rows))

    # The writing side: a thread, begun by the first row.

    def _tell(self, told: Told) -> None:
        with self._lock:
            self._waiting.told.append(told)
            self._wake()

    def _wake(self) -> None:
        if self._thread is None and not self._closing:
            self._thread = threading.Thread(
                target=self._write_all, name=f"store-{self.path.stem}", daemon=True
            )
            self._thread.start()
        self._lock.notify_all()

    def _write_all(self) -> None:
        connection: sqlite3.Connection | None = None
        try:
            while True:
                with self._lock:
                    # What the disk did not take waits a while, unless there is something new.
                    self._lock.wait_for(
                        lambda: self._closing or bool(self._waiting),
                        None if self._works else RETRY_S,
                    )
                    batch = self._writing = self._writing.followed_by(self._waiting)
                    self._waiting = _Batch()
                    closing_now = self._closing
                if batch:
                    connection, well = self._write(connection, batch)
                    with self._lock:
                        self._writing = _Batch() if well else _Batch(batch.emptied, batch.rows)
                    for tell in batch.told:
                        tell(well)
                if closing_now and not self._waiting:
                    return
        finally:
            if connection is not None:
                connection.close()

    def _write(
        self, connection: sqlite3.Connection | None, batch: _Batch
    ) -> tuple[sqlite3.Connection | None, bool]:
        try:
            connection = connection or self._opened()
            with connection, closing(connection.cursor()) as cursor:
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
            if connection is not None:
                with suppress(sqlite3.Error):
                    connection.close()
            return None, False
        self._works = True
        return connection, True

    def _trouble(self, what: str, error: sqlite3.Error) -> None:
        if self._works:
            self._log.warning(
                f"a file of the state folder {what}: a restart forgets what is new; "
                "see to the disk and its permissions",
                file=str(self.path),
                error=str(error),
            )
        self._works = False
