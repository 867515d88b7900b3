"""Two rooms on one PostgreSQL behind HAProxy, one of which is killed, frozen, drained or cut off.

`python -m benchmarks.rooms [kill freeze drain cut]`; needs Debian's `haproxy` and `postgresql`.
Callers are website clients that count their sound: `actors.lib.moving_caller`.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import psutil
from rich import box
from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.cli.load.recordings import recordings
from actors.cli.load.told_turns import told_twice
from actors.gateway.store import tables
from actors.gateway.store.database import Database
from actors.gateway.store.room_rows import set_draining
from actors.gateway.store.url import database_url
from benchmarks.haproxy import haproxy
from benchmarks.live_server.crowd import crowd_server
from benchmarks.live_server.process import ADDRESS_NAME
from benchmarks.machine import description
from benchmarks.moving_callers import CrowdOfMovers, MoverFate
from benchmarks.postgres_link import PostgresLink, postgres_link
from benchmarks.postgres_server import PostgresServer, postgres_server
from benchmarks.web_room import until_open, web_config
from pipeline.quantile import quantile
from pipeline.testing import RunningPipeline, running

CALLERS = 8
SETTLE_S = 12.0
"""Each has had a turn or two by then."""
AFTER_S = 14.0
"""The longest wait of a frozen room, and two turns."""
CUT_S = 6.0
"""So long a room is cut off: twice its lease."""
TAKEN_MS = {"kill": 300.0, "freeze": 5000.0}
"""Until the sound of a session is taken by the other room: facts of the design."""
ANSWER_MS = 2000.0
"""Until the answer to the turn in flight begins."""


class Event(StrEnum):
    """What happens to a room."""

    KILL = "kill"
    FREEZE = "freeze"
    DRAIN = "drain"
    CUT = "cut"


@dataclass
class MovedCallers:
    """What was found.

    Attributes:
        event: What happened.
        fates: Of each caller.
        moved: How many were in the other room afterwards.
        taken_ms: From the event until the sound of each who was there was taken by the other room.
        answer_ms: From the event, or the end of what was being said then, until its answer began.
        rows: Turns in the database.
        rows_twice: Turns that have two rows.
        told_not_kept: Turns whose outcome a caller was told, and of which there is no row.
    """

    event: Event
    fates: Sequence[MoverFate] = ()
    moved: int = 0
    taken_ms: list[float] = field(default_factory=list)
    answer_ms: list[float] = field(default_factory=list)
    rows: int = 0
    rows_twice: int = 0
    told_not_kept: int = 0

    @property
    def said(self) -> int:
        """Things that were said to their end, early enough to be answered."""
        return sum(each.said for each in self.fates)

    @property
    def lost(self) -> int:
        """Those of them that had no outcome."""
        return sum(each.lost for each in self.fates)

    @property
    def spoken_over(self) -> int:
        """Those that had one, and no answer: the next was said, or sent again, before."""
        return sum(each.spoken_over for each in self.fates)

    @property
    def twice(self) -> int:
        """Those that were told two outcomes."""
        return sum(each.twice for each in self.fates)

    @property
    def holds(self) -> bool:
        """Whether nobody lost or heard anything twice, in time."""
        late = max(self.taken_ms, default=0.0) > TAKEN_MS.get(self.event, float("inf"))
        slow = max(self.answer_ms, default=0.0) > ANSWER_MS + (
            TAKEN_MS["freeze"] if self.event is Event.FREEZE else 0.0
        )
        wrong = self.lost or self.twice or self.rows_twice or self.told_not_kept
        return bool(self.said and self.moved) and not (wrong or late or slow)


@dataclass
class RoomPair:
    """Two rooms, the way of the first to the database, and where callers connect."""

    rooms: list[RunningPipeline]
    link: PostgresLink
    database: Database
    url: str


def run(folder: Path, event: Event, server: PostgresServer) -> MovedCallers:
    """Let callers talk, and let something happen to the first room."""
    with ExitStack() as stack:
        pair = _two_rooms(folder, event, server, stack)
        found = asyncio.run(_talk(pair, event))
        stack.callback(pair.database.close)
        return found


def _two_rooms(folder: Path, event: Event, server: PostgresServer, stack: ExitStack) -> RoomPair:
    name = f"rooms_{event}_{time.monotonic_ns()}"
    direct = server.make_database(name)
    there = folder / "link"
    there.mkdir(exist_ok=True)
    link = stack.enter_context(postgres_link(server.folder, there))
    linked = direct.replace(str(server.folder), str(there))
    ports = [_free_port() for _ in range(3)]
    stack.enter_context(crowd_server(folder))
    rooms = []
    for number, (room, where) in enumerate((("a", linked), ("b", direct))):
        own = folder / room
        own.mkdir()
        (own / ADDRESS_NAME).symlink_to(folder / ADDRESS_NAME)
        config = web_config(
            own,
            room=room,
            database=where,
            port=ports[1 + number],
            anybody=True,
            trusted_proxies=["127.0.0.1"],
        )
        rooms.append(stack.enter_context(running(config)))
    for each in rooms:
        until_open(each)
    stack.enter_context(haproxy(folder, ports[0], ports[1:]))
    database = Database(database_url(direct, folder))
    return RoomPair(rooms, link, database, f"ws://127.0.0.1:{ports[0]}/ws/live-audio")


async def _talk(pair: RoomPair, event: Event) -> MovedCallers:
    crowd = CrowdOfMovers(pair.url, recordings(), CALLERS)
    talking = asyncio.create_task(crowd.run(SETTLE_S + AFTER_S))
    await asyncio.sleep(SETTLE_S)
    first = psutil.Process(pair.rooms[0].process.pid)
    room = [first, *first.children(recursive=True)]
    event_ns = time.monotonic_ns()
    await _happen(pair, event, crowd, room)
    await talking
    found = MovedCallers(event, crowd.fates)
    await _look(pair.database, found)
    for fate in crowd.fates:
        taken_ms, answer_ms = fate.taken_ms(event_ns), fate.answer_ms(event_ns)
        if event not in TAKEN_MS:
            continue  # Each goes in its own time.
        if taken_ms is not None:
            found.taken_ms.append(taken_ms)
        if answer_ms is not None:
            found.answer_ms.append(answer_ms)
    return found


async def _happen(
    pair: RoomPair, event: Event, crowd: CrowdOfMovers, room: Sequence[psutil.Process]
) -> None:
    match event:
        case Event.KILL:
            _signal_all(room, signal.SIGKILL)
        case Event.FREEZE:
            _signal_all(room, signal.SIGSTOP)
            await asyncio.sleep(AFTER_S / 2)
            _signal_all(room, signal.SIGCONT)
        case Event.DRAIN:
            await pair.database.run(lambda c: set_draining(c, "a", draining=True))
        case Event.CUT:
            pair.link.cut()
            await asyncio.sleep(CUT_S / 2 + 1)
            # Its lease is over, the balancer knows, and it talks on: half of the callers move.
            for caller in crowd.callers:
                caller.move()
            await asyncio.sleep(CUT_S / 2)
            pair.link.mend()


def _signal_all(room: Sequence[psutil.Process], number: signal.Signals) -> None:
    for each in room:
        with suppress(psutil.NoSuchProcess):
            each.send_signal(number)


async def _look(database: Database, found: MovedCallers) -> None:
    async def read(connection: AsyncConnection) -> None:
        known = await connection.execute(select(tables.sessions.c.id, tables.sessions.c.name))
        names = {row.id: row.name for row in known}
        epochs = await connection.scalars(select(tables.sessions.c.epoch))
        found.moved = sum(epoch > 0 for epoch in epochs)
        rows = await connection.execute(select(tables.turns.c.session_id, tables.turns.c.turn))
        kept = {(names[row.session_id], row.turn) for row in rows}
        found.rows = len(kept)
        told = {(each.session, turn.turn) for each in found.fates for turn in each.turns}
        found.told_not_kept = len(told - kept)
        for name in names.values():
            found.rows_twice += told_twice(turn for of, turn in kept if of == name)

    await database.run(read)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def print_table(results: Sequence[MovedCallers]) -> None:
    """Show what was found."""
    console = Console(width=140)
    console.print(f"{CALLERS} callers, two rooms on one PostgreSQL; {description()}")
    table = Table(box=box.SIMPLE)
    columns = ("", "moved", "said", "spoken over", "lost", "twice", "rows", "twice", "told, no row")
    for column in (*columns, "taken, ms p50 / max", "answer in flight, ms"):
        table.add_column(column, justify="left" if not column else "right")
    for each in results:
        of_said = (each.said, each.spoken_over, each.lost, each.twice)
        numbers = (each.moved, *of_said, each.rows, each.rows_twice)
        times = (_shown(each.taken_ms), _shown(each.answer_ms))
        table.add_row(each.event, *map(str, numbers), str(each.told_not_kept), *times)
    console.print(table)


def _shown(times_ms: Sequence[float]) -> str:
    return f"{quantile(times_ms, 0.5):.0f} / {max(times_ms):.0f}" if times_ms else "-"


def main(names: Sequence[str]) -> int:
    """Let each happen; return the exit status."""
    events = [Event(name) for name in names] or list(Event)
    results = []
    with postgres_server() as server:
        for event in events:
            with tempfile.TemporaryDirectory(prefix="gr-") as folder:
                results.append(run(Path(folder), event, server))
                print_table(results[-1:])
    return 0 if all(each.holds for each in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
