"""Work in a database, waited for."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from actors.gateway.store.database import Database, Work

T = TypeVar("T")


def done(database: Database, work: Work[T]) -> T:
    """Return what a work returns; raise what it raises."""
    return asyncio.run(database.run(work))
