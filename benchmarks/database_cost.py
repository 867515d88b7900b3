"""What a turn costs the database: `python -m benchmarks.database_cost` (Debian's postgresql).

Rooms write turns, as the gateway does: those of half a second in one transaction. Counted is the
processor time of the processes of PostgreSQL alone.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import uuid
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from actors.gateway.store.changes import Change, ChangeKind
from actors.gateway.store.database import Database
from actors.gateway.store.times import now
from actors.gateway.store.url import database_url
from actors.gateway.store.writing import write_changes
from benchmarks.machine import Others, description
from benchmarks.postgres_server import PostgresServer, postgres_server

ROOMS = 16
"""Connections at once: several, so that they wait for each other as they would."""
TRANSACTIONS = 200
"""Of each room."""
WORDS = "Go forward ten metres, and then turn to the left."


def session_row(session: str) -> Change:
    """A conversation that is opened."""
    values: dict[str, Any] = {
        "name": session,
        "room": "room",
        "epoch": 0,
        "claimed_at": now(),
        "labels": {},
    }
    values |= {"records": "transcripts", "opened_at": now()}
    return Change("sessions", ChangeKind.PUT, {"id": session}, values)


def turn_row(session: str, number: int) -> Change:
    """A turn that was answered."""
    key = {"session_id": session, "epoch": 0, "turn": f"{session}:{number}"}
    values: dict[str, Any] = {
        "closed_at": now(),
        "outcome": "answered",
        "backend": "live",
        "reason": "",
    }
    values |= {"said": WORDS, "answer": WORDS, "first_sound_ms": 500.0}
    return Change("turns", ChangeKind.PUT, key, values)


async def write_turns(database: Database, turns: int, transactions: int) -> None:
    """Write so many transactions with so many turns each."""
    session = uuid.uuid4().hex
    await database.run(partial(write_changes, changes=[session_row(session)]))
    for first in range(0, transactions * turns, turns):
        rows = [turn_row(session, number) for number in range(first, first + turns)]
        await database.run(partial(write_changes, changes=rows))


async def measure(server: PostgresServer, url: str, turns: int) -> float:
    """Return the processor time of PostgreSQL a transaction with so many turns, in ms."""
    databases = [Database(database_url(url, Path())) for _ in range(ROOMS)]
    try:
        for each in databases:
            await each.reach()
        before_s = server.used_s()
        await asyncio.gather(*(write_turns(each, turns, TRANSACTIONS) for each in databases))
        return (server.used_s() - before_s) * 1000 / (ROOMS * TRANSACTIONS)
    finally:
        for each in databases:
            each.close()


def main(arguments: Sequence[str]) -> int:
    """Print what a transaction costs, by how many turns are in it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("turns", nargs="*", type=int, default=[1, 5])
    others = Others()
    with postgres_server() as server:
        url = server.make_database("turns")
        for turns in parser.parse_args(arguments).turns:
            cost_ms = asyncio.run(measure(server, url, turns))
            print(f"{turns} turns a transaction: {cost_ms:.2f} ms of PostgreSQL, {ROOMS} rooms")
    print(f"{description()}; {others.told()}; nothing waits for a disk (fsync is off)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
