"""A database that is talked to in a thread of its own, off the event loop of its caller."""

from __future__ import annotations

import asyncio
import concurrent.futures
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import URL
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actors.gateway.store.engine import BUSY_MS, make_engine
from actors.gateway.store.errors import DatabaseAwayError, UnwritableError
from actors.gateway.store.upgrade import upgrade

CLOSE_S = 1.0
"""For the thread to let go of its connections: an actor has 3 s to end."""
GRACE_S = 2 * BUSY_MS / 1000
"""For work that is under way; SQLite may wait so long for another process."""

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]
"""Something to do in one transaction; it runs in the database's thread."""


class Database:
    """Runs work in transactions. Its tables are brought to the newest schema first.

    SQLAlchemy takes a millisecond of processor for a statement: its event loop is in a thread, so
    that no caller's sound waits for it. Safe to use from any thread and any event loop.

    Args:
        url: As `database_url` returns it.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self._engine: AsyncEngine | None = None
        self.lost = 0
        """How often the file of SQLite was found removed, and made anew, empty."""
        self._file_id: tuple[int, int] | None = None
        self._found_removed = False
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._opening, self._closing = asyncio.Lock(), asyncio.Event()

    def __str__(self) -> str:
        return self.url.render_as_string(hide_password=True)

    async def run(self, work: Work[T], within_s: float | None = None) -> T:
        """Do something in one transaction, and return what it returns.

        Args:
            work: What is to be done.
            within_s: How long it is waited for; None: as long as it takes.

        Raises:
            DatabaseAwayError: the database does not answer now, and nothing was done; or not in
                time, and it may be done yet.
            IntegrityError: what was to be written is there already.
            UnwritableError: a value is one that the database does not take.
        """
        try:
            async with asyncio.timeout(within_s):
                return await self._done(self._run(work))
        except TimeoutError:
            raise DatabaseAwayError(
                f"the database {self} says nothing for {within_s:g} s"
            ) from None

    async def settle(self) -> None:
        """Let nothing of what was erased stay in the file of SQLite's newest changes.

        PostgreSQL does that by itself, by and by (autovacuum).

        Raises:
            DatabaseAwayError: it does not answer now.
        """
        if self.url.get_backend_name() == "sqlite":
            await self._done(self._settle())

    async def reach(self) -> None:
        """Connect, and bring the tables to the newest schema.

        Raises:
            DatabaseAwayError: it does not answer now.
        """
        await self.run(_nothing)

    def close(self) -> None:
        """Let go of the database, once what is under way is done; waits for that up to a second."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is None or thread is None:
            return
        loop.call_soon_threadsafe(self._closing.set)
        thread.join(CLOSE_S)

    async def _done(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what work in the database's thread returns; it is done even if nobody waits.

        A connection whose work is cut off in the middle would be left open.
        """
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[T] = loop.create_future()

        def finish(done: concurrent.futures.Future[T]) -> None:
            if waiter.done():
                return
            error = done.exception()
            if error is None:
                waiter.set_result(done.result())
            else:
                waiter.set_exception(error)

        def tell(done: concurrent.futures.Future[T]) -> None:
            with suppress(RuntimeError):  # The loop is closed: nobody waits any more.
                loop.call_soon_threadsafe(finish, done)

        asyncio.run_coroutine_threadsafe(work, self._started()).add_done_callback(tell)
        return await waiter

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._opening, self._closing = asyncio.Lock(), asyncio.Event()
                self._thread = threading.Thread(
                    target=self._serve, args=(self._loop,), name="database", daemon=True
                )
                self._thread.start()
            return self._loop

    # In the thread of the database.

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(self._until_closed())

    async def _until_closed(self) -> None:
        await self._closing.wait()
        under_way = asyncio.all_tasks() - {cast(asyncio.Task[None], asyncio.current_task())}
        if under_way:
            await asyncio.wait(under_way, timeout=GRACE_S)
        await self._let_go()

    async def _run(self, work: Work[T]) -> T:
        try:
            engine = await self._ready()
            async with engine.begin() as connection:
                return await work(connection)
        except IntegrityError:
            raise
        except (SQLAlchemyError, OSError) as error:
            if _is_of_the_values(error):
                raise UnwritableError(_in_words(error)) from error
            raise DatabaseAwayError(f"the database {self}: {_in_words(error)}") from error

    async def _settle(self) -> None:
        try:
            engine = await self._ready()
            # Not in a transaction, in which it could not be done.
            async with engine.connect() as connection:
                raw = await connection.get_raw_connection()
                assert raw.driver_connection is not None
                await raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise DatabaseAwayError(f"the database {self}: {error}") from error

    async def _ready(self) -> AsyncEngine:
        async with self._opening:
            if self._engine is not None and self._file_id != self._identify():
                # Somebody removed the file: what is written into it now would be lost.
                await self._let_go()
                self._found_removed = True
            if self._engine is None:
                engine = make_engine(self.url)
                try:
                    async with engine.begin() as connection:
                        await upgrade(connection)
                except BaseException:
                    await engine.dispose()
                    raise
                self._engine = engine
                self._file_id = self._identify()
                self.lost += self._found_removed
                self._found_removed = False
            return self._engine

    async def _let_go(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            with suppress(SQLAlchemyError, OSError):
                await engine.dispose()

    def _identify(self) -> tuple[int, int] | None:
        if self.url.get_backend_name() != "sqlite":
            return None
        try:
            found = Path(str(self.url.database)).stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


async def _nothing(_connection: AsyncConnection) -> None:
    pass


def _is_of_the_values(error: Exception) -> bool:
    """Whether the driver, or the database, cannot take what it was given."""
    if isinstance(error, DBAPIError):
        return isinstance(error, DataError)
    return isinstance(error, StatementError)


def _in_words(error: SQLAlchemyError | OSError) -> str:
    """Return the driver's own words: SQLAlchemy's hold the statement and what was to be written."""
    said = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    return " ".join(said.split()) or type(error).__name__
