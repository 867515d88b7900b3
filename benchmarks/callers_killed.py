"""Everything killed, one after the other, while people on WebSockets talk.

`python -m benchmarks.callers_killed 20`; the last is the database's process, which needs Debian's
package `postgresql`.
"""

from __future__ import annotations

import asyncio
import bisect
import math
import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.gateway.store import tables
from actors.gateway.store.database import Database
from actors.gateway.store.url import database_url
from benchmarks.crowd import Account
from benchmarks.live_server.crowd import crowd_server
from benchmarks.machine import description
from benchmarks.postgres_server import PostgresServer, postgres_server
from benchmarks.sessions_killed import BETWEEN_S, SETTLE_S, kill, listen, wind_up
from benchmarks.tap import Tap, tapping
from benchmarks.web_callers.process import web_callers
from benchmarks.web_callers.talker import Talk
from benchmarks.web_room import STREAMS, url_of, web_config
from pipeline.frames import ActorState, Health, Status
from pipeline.quantile import quantile
from pipeline.testing import RunningPipeline, running

KILLED = ("gateway", "vad", "live", "http")
DATABASE = "database"
AWAY_S = 6.0
"""Without a database: turns are closed in it, and the gateway tries to reach it several times."""
PAUSE_S = 3.0
"""After each phrase: its answer, a second long, is heard in it to its end."""


@dataclass(frozen=True)
class Rows:
    """What is in the database.

    Attributes:
        sessions: How many.
        closed: Turns that were closed.
        missing: Those of them that have no row.
    """

    sessions: int
    closed: int
    missing: Sequence[str]


@dataclass
class KilledCallers:
    """What was found.

    Attributes:
        callers: How many.
        account: What became of the turns.
        back_s: From the kill until the actor works again for every session, by actor.
        reconnected_s: From the loss of a caller's connection to its session being there again.
        away: Callers who were not back in their session at the end.
        phrases: That were said, each followed by a pause.
        unanswered: Of those, by caller and first block: no sound came and no turn was closed
            until the caller spoke again.
        told: How many messages of each kind that are no part of an undisturbed conversation.
        rows: What is in the database of the turns that were closed; None if it was not killed.
    """

    callers: int
    account: Account
    back_s: dict[str, float] = field(default_factory=dict)
    reconnected_s: list[float] = field(default_factory=list)
    away: int = 0
    phrases: int = 0
    unanswered: list[tuple[int, int]] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)
    rows: Rows | None = None

    @property
    def holds(self) -> bool:
        """Whether nobody lost anything."""
        unwritten = self.rows is not None and bool(self.rows.missing)
        lost = self.account.lost() or self.account.twice() or self.unanswered
        return not (lost or self.away or unwritten)


def run(
    folder: Path,
    callers: int,
    settle_s: float = SETTLE_S,
    between_s: float = BETWEEN_S,
    *,
    killed: Sequence[str] = KILLED,
    database: PostgresServer | None = None,
) -> KilledCallers:
    """Let so many talk, and kill.

    Args:
        folder: Of the pipeline.
        callers: How many.
        settle_s: How long they talk before anything is killed.
        between_s: And between two kills.
        killed: Actors.
        database: Is killed too, after the actors, and brought back.
    """
    account = Account()
    result = KilledCallers(callers, account)
    url = database.make_database("calls") if database else ""
    with (
        crowd_server(folder),
        running(web_config(folder, database=url)) as pipeline,
    ):
        urls = [url_of(pipeline)]
        with (
            tapping(pipeline.runtime_dir, **STREAMS) as tap,
            web_callers(folder, urls, callers, pause_s=PAUSE_S) as people,
        ):
            listen(tap, account, settle_s)
            for name in killed:
                result.back_s[name] = kill(pipeline, name, tap, account)
                listen(tap, account, between_s)
            if database is not None:
                result.back_s[DATABASE] = _kill_database(database, pipeline, tap, account)
                listen(tap, account, between_s)
            wind_up(tap, account)
            talks = people.end()
    if database is not None:
        result.rows = _look_for_rows(url, folder, account.verdicts)
    for caller, talk in enumerate(talks):
        _look_at(result, caller, talk)
    return result


def _kill_database(
    database: PostgresServer, pipeline: RunningPipeline, tap: Tap, account: Account
) -> float:
    """Kill it, and start it again after a while; return how long the gateway then went without."""
    database.kill()
    listen(tap, account, AWAY_S)
    noticed = _gateway(pipeline.status())
    assert noticed.state is ActorState.DEGRADED, "nobody noticed that the database is gone"
    database.start()
    began_s = time.monotonic()

    def is_back(status: Status) -> bool:
        health = _gateway(status)
        return health.state is ActorState.READY and not health.gauges["rows_waiting"]

    pipeline.until(is_back, "rows that were written")
    return time.monotonic() - began_s


def _gateway(status: Status) -> Health:
    (health,) = (each.health for each in status.actors if each.actor == "gateway")
    assert health is not None
    return health


def _look_for_rows(url: str, folder: Path, turns: Collection[str]) -> Rows:
    kept = Database(database_url(url, folder))

    async def look(connection: AsyncConnection) -> Rows:
        found = await connection.execute(select(tables.turns.c.turn, tables.turns.c.outcome))
        written = {turn for turn, outcome in found if outcome}
        sessions = await connection.scalar(select(func.count()).select_from(tables.sessions))
        return Rows(sessions or 0, len(turns), sorted(set(turns) - written))

    try:
        return asyncio.run(kept.run(look))
    finally:
        kept.close()


def _look_at(result: KilledCallers, caller: int, talk: Talk) -> None:
    """Find what a caller missed."""
    result.reconnected_s += [
        (back - lost) / 1e9 for lost, back in zip(talk.lost, talk.back, strict=False)
    ]
    result.away += len(talk.lost) - len(talk.back)
    answers = sorted(talk.sounds + [told[0] for told in talk.told if told[1] == "turn_complete"])
    for (begin, end), (again, _) in zip(talk.phrases, talk.phrases[1:], strict=False):
        # A phrase that nobody was there to hear is none.
        said = [at_ns for block in range(begin, end) if (at_ns := talk.sent.get(block))]
        until = [at_ns for block, at_ns in talk.sent.items() if block >= again]
        if not said or not until:
            continue
        result.phrases += 1
        at = bisect.bisect(answers, said[-1])
        if at == len(answers) or answers[at] > until[0]:
            result.unanswered.append((caller, begin))
    for _, kind, _, said_of in talk.told:
        if kind in ("error", "session_ended", "going_away"):
            what = f"{kind} {said_of}"
            result.told[what] = result.told.get(what, 0) + 1


def show(result: KilledCallers) -> None:
    """Print it."""
    table = Table("what", "value", box=box.MARKDOWN)
    back = ", ".join(f"{name} {value:.2f}" for name, value in result.back_s.items())
    again = result.reconnected_s or [math.inf]
    rows = {
        "turns": f"{len(result.account.asked)}: {result.account.outcomes()}",
        "lost turns": len(result.account.lost()),
        "with two outcomes, or answered twice": len(result.account.twice()),
        "phrases; without an answer": f"{result.phrases}; {len(result.unanswered)}",
        "back after SIGKILL, s": back,
        "callers back in their sessions: number, p50, worst, s; still away": (
            f"{len(result.reconnected_s)}, {quantile(again, 0.5):.2f}, {max(again):.2f}; "
            f"{result.away}"
        ),
        "told": result.told,
    }
    if result.rows is not None:
        rows["sessions in the database"] = result.rows.sessions
        rows["turns closed; without a row in it"] = (
            f"{result.rows.closed}; {len(result.rows.missing)}"
        )
    for what, value in rows.items():
        table.add_row(what, str(value))
    Console(width=140).print(table)
    for each in result.account.failed()[:10]:
        print(f"failed: {each.turn}: {each.reason}")
    print(
        "lost:", sorted(result.account.lost())[:10], "twice:", sorted(result.account.twice())[:10]
    )
    print("without an answer, by caller and block:", result.unanswered[:10])


def main() -> int:
    """Run from the command line."""
    callers = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory(prefix="gr-") as folder, postgres_server() as database:
        result = run(Path(folder), callers, database=database)
    show(result)
    print(description())
    return 0 if result.holds else 1


if __name__ == "__main__":
    sys.exit(main())
