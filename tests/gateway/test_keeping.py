"""What is kept of callers, as a gateway sees it: with a database of its own, and without."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import closing
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from gateway_client import GatewayOnStage, gateway_on_stage

from actors.gateway.access.denial import AccessDeniedError
from actors.gateway.caller import Caller
from actors.gateway.callers import Callers
from actors.gateway.errors import NoSessionError
from actors.gateway.keeping import Keeping
from actors.gateway.past_sessions import Owns, check_own
from actors.gateway.rooms.taken_up import TakenUp
from actors.gateway.stays import Stays
from pipeline.frames import ActorState, Frame, Outcome, SessionEnd, SessionOpened, TurnClosed

PREFIX = "/api/v1/live-audio"


def file_of(gateway: GatewayOnStage) -> Path:
    return gateway.harness.actor.surroundings.state_dir / "callers.sqlite3"


def count(gateway: GatewayOnStage, table: str) -> int:
    with closing(sqlite3.connect(file_of(gateway))) as database:
        return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def has_table(gateway: GatewayOnStage, name: str) -> bool:
    with closing(sqlite3.connect(file_of(gateway))) as database:
        query = "SELECT count(*) FROM sqlite_master WHERE name = ?"
        return bool(database.execute(query, (name,)).fetchone()[0])


def converse(gateway: GatewayOnStage, session: str) -> None:
    """A session of one turn that is over."""
    body = {"session_id": session, "labels": {"interview_type": "health"}}
    assert gateway.request("POST", f"{PREFIX}/session/start", body, opens=True)[0] == 200
    gateway.harness.send("turns", closed(session))
    gateway.harness.end(session, SessionEnd.TIME_OVER, "its time is over")


def closed(session: str) -> TurnClosed:
    turn = f"{session}:1"
    return TurnClosed(session=session, turn=turn, outcome=Outcome.ANSWERED, by="live", said="Hi.")


def until_written(gateway: GatewayOnStage, rows: int = 3) -> None:
    counters = gateway.harness.actor.counters
    gateway.harness.until(lambda: counters["rows_written"] >= rows, "what is written")


def test_a_turn_that_was_closed_while_no_gateway_was_there_is_kept(tmp_path: Path) -> None:
    before = closed("anna").model_copy(update={"sent_ns": time.monotonic_ns()})
    missed = before.model_copy(update={"turn": "anna:2", "said": "Still there?"})
    with gateway_on_stage(folder=tmp_path) as first:
        client = first.connect()
        first.start(client, session_id="anna")
        first.harness.send("turns", before)
        assert first.next(client)["turn"] == "anna:1"
        first.meanwhile(client.close)
        until_written(first)
        opened = first.harness.actor._callers.get("anna").manner
    with gateway_on_stage(folder=tmp_path) as second:
        second.harness.open("anna", conversation=opened.conversation, brought_by="gateway")
        # What is retained comes again, with the time at which it was sent.
        for frame in (before, missed):
            second.harness.actor.receive("turns", frame)
        until_written(second, 2)
        assert count(second, "turns") == 2
        # An earlier process may have told of it: nobody is told twice.
        client = second.connect()
        assert second.say(client, type="start_session", session_id="anna")["resumed"]
        assert second.say(client, type="ping") == {"type": "pong"}
        second.meanwhile(client.close)


def test_the_status_of_a_session_that_is_over_comes_from_the_database() -> None:
    with gateway_on_stage() as gateway:
        converse(gateway, "s-1")
        until_written(gateway)
        code, told = gateway.request("GET", f"{PREFIX}/session/s-1/status")
        assert code == 410
        assert "its time is over" in told["error"]
        assert (told["state"], told["reason"], told["turns"]) == ("ended", "time_over", 1)
        assert told["labels"] == {"protocol": "website", "interview_type": "health"}
        assert gateway.request("GET", f"{PREFIX}/session/nobody/status")[0] == 404


def test_without_its_database_a_gateway_serves_and_writes_later() -> None:
    with gateway_on_stage() as gateway:
        converse(gateway, "s-1")
        until_written(gateway)
        with closing(sqlite3.connect(file_of(gateway), isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            converse(gateway, "s-2")
            actor = gateway.harness.actor
            gateway.harness.until(lambda: actor.counters["write_errors"] > 0, "an error")
            actor.measure()
            assert actor.state is ActorState.DEGRADED
            assert "database is locked" in actor.detail
            assert actor.gauges["rows_waiting"] > 0
            code, health = gateway.request("GET", "/healthz")
            assert (code, health["database"]) == (200, "away: what is to be written waits for it")
            # Who comes now does not wait for it.
            converse(gateway, "s-3")
            other.execute("ROLLBACK")
        gateway.harness.until(lambda: count(gateway, "turns") == 3, "all that was said")

        def is_well() -> bool:
            actor.measure()
            return actor.state is ActorState.READY

        gateway.harness.until(is_well, "word that it is back")
        assert actor.counters["rows_dropped"] == 0
        assert gateway.request("GET", "/healthz")[1] == {"status": "ok", "callers": 0}


def test_a_file_that_is_removed_is_made_anew_and_knows_who_is_there() -> None:
    with gateway_on_stage() as gateway:
        gateway.request("POST", f"{PREFIX}/session/start", {"session_id": "s-1"}, opens=True)
        until_written(gateway, 2)
        for path in file_of(gateway).parent.glob("callers.sqlite3*"):
            path.unlink()
        gateway.harness.send("turns", closed("s-1"))
        until_written(gateway, 5)
        assert [count(gateway, table) for table in ("sessions", "turns", "resumption")] == [1, 1, 1]


def test_a_gateway_makes_its_tables_at_its_start() -> None:
    with gateway_on_stage() as gateway:
        gateway.harness.until(lambda: file_of(gateway).exists(), "the file")
        gateway.harness.until(lambda: has_table(gateway, "credentials"), "the tables")


def test_a_gateway_that_stops_writes_what_waits(tmp_path: Path) -> None:
    with gateway_on_stage(database=f"sqlite:///{tmp_path}/kept.sqlite3") as gateway:
        converse(gateway, "s-1")
    with closing(sqlite3.connect(tmp_path / "kept.sqlite3")) as database:
        assert database.execute("SELECT said FROM turns").fetchall() == [("Hi.",)]


def in_a_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Make a test of a coroutine."""

    @wraps(test)
    def run() -> None:
        asyncio.run(test())

    return run


class Remembering(Keeping):
    """Knows one conversation, and gives it once."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.answer = asyncio.Event()
        self.known: SessionOpened | None = SessionOpened(
            session="anna", conversation="c", taken_up=1, voice="Kore"
        )

    async def take_up(self, _session: str, owns: Owns, *, moves: bool) -> TakenUp | None:
        assert moves, "it is the caller who asks"
        self.asked.set()
        await self.answer.wait()
        if self.known is None:
            return None
        check_own(self.known, owns)
        known, self.known = self.known, None
        return TakenUp(known)


class Desk:
    """Callers with what is kept of them; what they ask for is opened at once."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.callers = Callers(
            self._publish,
            self.loop.call_later,
            lambda _, work: work(),
            Stays(0, 60),
            {},
            lambda _: None,
            "gateway",
            lambda: None,
        )
        self.keeping = self.callers.past.keeping = Remembering()
        self.asked_for: list[SessionOpened] = []

    def _publish(self, _port: str, frame: Frame) -> None:
        if isinstance(frame, SessionOpened):
            self.asked_for.append(frame)
            self.loop.call_soon(self.callers.opened, frame)


@in_a_loop
async def test_two_connections_of_a_caller_take_its_conversation_up_once() -> None:
    desk = Desk()
    both = [
        asyncio.create_task(desk.callers.entrance.open(SessionOpened(session="anna")))
        for _ in range(2)
    ]
    await desk.keeping.asked.wait()
    desk.keeping.answer.set()
    first, second = await asyncio.gather(*both)
    assert first is second
    (asked,) = desk.asked_for
    assert (asked.voice, asked.conversation, asked.taken_up) == ("Kore", "c", 1)
    desk.callers.close()


@in_a_loop
async def test_who_vanishes_while_it_is_looked_for_is_found_the_next_time() -> None:
    desk = Desk()
    vanishes = asyncio.create_task(desk.callers.entrance.open(SessionOpened(session="anna")))
    await desk.keeping.asked.wait()
    vanishes.cancel()
    await asyncio.wait([vanishes])
    desk.keeping.answer.set()
    caller = await desk.callers.entrance.come_back("anna")
    assert caller.manner.conversation == "c"
    desk.callers.close()


@in_a_loop
async def test_nobody_is_given_the_conversation_of_somebody_else() -> None:
    def not_mine(_session: str, _labels: Mapping[str, str]) -> bool:
        return False

    desk = Desk()
    desk.keeping.answer.set()
    with pytest.raises(AccessDeniedError, match="somebody else's"):
        await desk.callers.entrance.open(SessionOpened(session="anna"), not_mine)
    with pytest.raises(AccessDeniedError):
        await desk.callers.entrance.come_back("anna", not_mine)
    assert not desk.asked_for
    caller = await desk.callers.entrance.open(SessionOpened(session="anna"))
    assert caller.manner.conversation == "c", "its own caller has it still"
    with pytest.raises(AccessDeniedError):
        await desk.callers.entrance.come_back("anna", not_mine)
    desk.callers.close()


@in_a_loop
async def test_of_two_who_want_one_name_at_once_one_has_it() -> None:
    def of(name: str) -> Owns:
        return lambda _session, labels: labels["who"] == name

    desk = Desk()
    desk.keeping.known = None
    asked = [
        asyncio.create_task(
            desk.callers.entrance.open(
                SessionOpened(session="anna", labels={"who": name}), of(name)
            )
        )
        for name in ("a", "b")
    ]
    await desk.keeping.asked.wait()
    desk.keeping.answer.set()
    first, second = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(first, Caller)
    assert isinstance(second, AccessDeniedError)
    desk.callers.close()


@in_a_loop
async def test_a_new_conversation_has_an_id_of_its_own() -> None:
    desk = Desk()
    desk.keeping.answer.set()
    desk.keeping.known = None
    for name in ("ben", "carl"):
        await desk.callers.entrance.open(SessionOpened(session=name))
    first, second = (asked.conversation for asked in desk.asked_for)
    assert first
    assert second
    assert first != second
    with pytest.raises(NoSessionError):
        await desk.callers.entrance.come_back("nobody")
    desk.callers.close()
