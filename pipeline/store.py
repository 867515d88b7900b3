"""The one crash-safe store: rows of JSON by session and key, in SQLite, written off the loop.

`put` returns at once; a thread writes all that waits in one transaction, so what is on the disk is
always the state at one moment. It survives the end of the process, SIGKILL included, from the
moment it is written: some 1 ms later, or when `written` returns, for whoever wants to wait.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from pipeline.logs import Logger
from pipeline.store_file import StoreBatch, StoreFile, StoreRow

RETRY_S = 5.0
"""How often what a full or missing disk did not take is tried again."""
CLOSE_S = 2.0
"""For the last rows: an actor has 3 s to end."""

Told = Callable[[bool], None]
"""Called when all that was put before is on the disk, or with False: it cannot be written now."""


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
        self._lock = threading.Condition()
        self._waiting = StoreBatch()
        self._writing = StoreBatch()
        self._told: list[Told] = []
        self._closing = False
        self._thread: threading.Thread | None = None
        self._file = StoreFile(path, run, log, durable=durable)

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
            batches = [self._writing.copy(), self._waiting.copy()]
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
        row = StoreRow(None if outlives_run else self._run, value)
        with self._lock:
            self._waiting.rows[session, key] = row
            self._wake()

    def remove(self, session: str, key: str | None = None) -> None:
        """Forget a row; without a key all of a session: it has ended."""
        with self._lock:
            if key is None:
                self._waiting.empty(session)
            else:
                self._waiting.rows[session, key] = StoreRow(None, None)
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
        self._file.close_reader()

    def _read(self, query: str, *values: str) -> list[Any]:
        return [] if self._closing else self._file.read(query, *values)

    # The writing side: a thread, begun by the first row.

    def _tell(self, told: Told) -> None:
        with self._lock:
            self._told.append(told)
            self._wake()

    def _wake(self) -> None:
        if self._thread is None and not self._closing:
            self._thread = threading.Thread(
                target=self._write_all, name=f"store-{self.path.stem}", daemon=True
            )
            self._thread.start()
        self._lock.notify_all()

    def _write_all(self) -> None:
        try:
            while True:
                with self._lock:
                    # What the disk did not take waits a while, unless there is something new.
                    self._lock.wait_for(
                        lambda: self._closing or bool(self._waiting or self._told),
                        None if self._file.works else RETRY_S,
                    )
                    batch = self._writing = self._writing.followed_by(self._waiting)
                    self._waiting = StoreBatch()
                    told, self._told = self._told, []
                    closing_now = self._closing
                well = self._file.write(batch) if batch or told else True
                if well:
                    with self._lock:
                        self._writing = StoreBatch()
                for tell in told:
                    tell(well)
                if closing_now and not (self._waiting or self._told):
                    return
        finally:
            self._file.close_writer()
