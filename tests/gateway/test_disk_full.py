"""A disk that is full: callers are served, what is kept of them waits, nothing of it is lost."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from gateway_client import GatewayOnStage, gateway_on_stage

from pipeline.frames import ActorState, Outcome, SessionEnd, TurnClosed, UserText

PREFIX = "/api/v1/live-audio"
WORDS = "I said a great deal. " * 400
"""Two pages of a file, so that it has to grow."""


@contextmanager
def full(disk_file: Path) -> Iterator[None]:
    """Let no file of this process grow, as on a disk that is full, or by a limit of the system."""
    largest = max(each.stat().st_size for each in disk_file.parent.glob(f"{disk_file.name}*"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def turns_in(file: Path) -> int:
    with closing(sqlite3.connect(file)) as database:
        return int(database.execute("SELECT count(*) FROM turns").fetchone()[0])


def talk(gateway: GatewayOnStage, session: str) -> None:
    """A session, of which much was said."""
    body = {"session_id": session}
    assert gateway.request("POST", f"{PREFIX}/session/start", body, opens=True)[0] == 200
    for turn in range(20):
        closed = TurnClosed(
            session=session,
            turn=f"{session}:{turn}",
            outcome=Outcome.ANSWERED,
            by="live",
            said=WORDS,
        )
        gateway.harness.send("turns", closed)
    gateway.harness.end(session, SessionEnd.TIME_OVER, "its time is over")


def test_callers_are_served_while_nothing_can_be_written_and_it_is_written_later() -> None:
    with gateway_on_stage() as gateway:
        actor = gateway.harness.actor
        file = actor.surroundings.state_dir / "callers.sqlite3"
        talk(gateway, "before")
        gateway.harness.until(lambda: turns_in(file) == 20, "what is written")
        with full(file):
            talk(gateway, "meanwhile")
            gateway.harness.until(lambda: actor.counters["write_errors"] > 0, "an error")
            actor.measure()
            assert actor.state is ActorState.DEGRADED
            assert "conversations go on" in actor.detail
            code, health = gateway.request("GET", "/healthz")
            assert (code, health["database"]) == (200, "away: what is to be written waits for it")
            client = gateway.connect()
            gateway.start(client, session_id="now")
            gateway.tell(client, type="text", text="Are you there?")
            assert gateway.harness.expect("text", UserText).text == "Are you there?"
            gateway.meanwhile(client.close)
        gateway.harness.until(lambda: turns_in(file) == 40, "what had to wait")
        assert actor.counters["rows_dropped"] == 0
        with closing(sqlite3.connect(file)) as database:
            names = {name for (name,) in database.execute("SELECT name FROM sessions")}
        assert names == {"before", "meanwhile", "now"}
