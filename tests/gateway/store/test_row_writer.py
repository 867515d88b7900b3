"""When rows are written: those that may wait together, the others soon."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from actors.gateway.store import row_writer
from actors.gateway.store.changes import Change, ChangeKind
from actors.gateway.store.row_writer import RowWriter
from actors.gateway.store.writing import LeftOut
from pipeline.logs import get_logger

FOREVER_S = 3600.0


class CountedDatabase:
    """Takes everything, and counts the transactions."""

    lost = 0

    def __init__(self) -> None:
        self.transactions = 0

    async def reach(self) -> None:
        pass

    async def run(self, _work: Callable[..., Any]) -> LeftOut:
        self.transactions += 1
        return LeftOut(0, 0)


@contextlib.asynccontextmanager
async def writing(database: Any) -> AsyncIterator[RowWriter]:
    writer = RowWriter(database, Counter(), get_logger("test"), lambda: None)
    running = asyncio.create_task(writer.run())
    yield writer
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def all_written(writer: RowWriter) -> None:
    async with asyncio.timeout(30):
        while writer.waiting:
            await asyncio.sleep(0.001)


def change(table: str, row: int) -> Change:
    return Change(table, ChangeKind.PUT, {"id": row}, {"said": "How far?"})


def test_turns_wait_for_what_may_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_writer, "PATIENCE_S", FOREVER_S)

    async def work() -> None:
        database = CountedDatabase()
        async with writing(database) as writer:
            for row in range(20):
                writer.add(change("turns", row))
                await asyncio.sleep(0.001)
            assert writer.waiting == 20
            writer.add(change("sessions", 1))
            await all_written(writer)
            assert database.transactions == 1

    asyncio.run(work())


def test_turns_alone_are_written_when_they_have_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_writer, "PATIENCE_S", 0.05)

    async def work() -> None:
        database = CountedDatabase()
        async with writing(database) as writer:
            for row in range(2):
                writer.add(change("turns", row))
                await all_written(writer)
            assert database.transactions == 2

    asyncio.run(work())
