"""A conversation that moves from one room to another, and what both write of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from database_work import done
from sqlalchemy import text
from test_caller_store import NOW_NS, Room, closed, ended, kept, manner, rows, run

from actors.gateway.access.denial import AccessDeniedError
from actors.gateway.ear import JUMP_SAMPLES
from actors.gateway.errors import ElsewhereError
from actors.gateway.past_sessions import of_anybody
from actors.gateway.rooms.taken_up import TakenUp
from actors.gateway.store.database import Database
from actors.gateway.store.engine import make_engine
from actors.gateway.store.room_rows import RoomClaim, renew
from actors.gateway.store.times import now
from actors.gateway.store.upgrade import upgrade
from pipeline.frames import Outcome, TurnClosed


def is_alive(database: Database, room: str, **ago: float) -> None:
    """Let a room have renewed its lease so long ago."""
    claim = RoomClaim(room, room, "1", f"http://{room}", 4, 0, "1")
    done(database, lambda c: renew(c, claim, now() - timedelta(**ago)))


def moved(
    database: Database, room: str = "b", *, moves: bool = True, **given: Any
) -> TakenUp | None:
    """Let a room that has run for an hour take the conversation up."""

    async def ask() -> TakenUp | None:
        there = Room(database, **{"age_s": 3600, "shared": room, **given})
        owns = given.get("owns", of_anybody)
        return await there.store.take_up("anna", owns, moves=moves)

    return run(ask)  # type: ignore[no-any-return]


def after(room: Room, *told: Any) -> None:
    """Let a room tell more."""

    async def tell() -> None:
        for each in told:
            if isinstance(each, TurnClosed):
                room.store.rows.turn(each)
            else:
                room.store.ended(each)
        await room.written()

    run(tell)


def test_a_caller_comes_to_another_room_while_its_own_is_alive(database: Database) -> None:
    kept(database, manner(), closed(), shared="a")
    is_alive(database, "a")
    found = moved(database)
    assert found is not None
    assert found.manner.taken_up == 1
    assert found.position >= JUMP_SAMPLES, "no turn has the name of one that was before"
    (session,) = rows(database, "sessions")
    assert (session["room"], session["epoch"]) == ("b", 1)


@pytest.mark.parametrize(("gone_s", "comes_back"), [(50, True), (70, False)])
def test_a_room_that_died_had_its_callers_until_its_lease_was_over(
    database: Database, gone_s: float, comes_back: bool
) -> None:
    long_ago = manner().model_copy(update={"origin_ns": NOW_NS() - 600_000_000_000})
    kept(database, long_ago, shared="a", age_s=700)
    is_alive(database, "a", seconds=gone_s + 3)
    assert (moved(database) is not None) is comes_back


def test_who_only_asks_takes_nothing_from_a_room_that_is_alive(database: Database) -> None:
    kept(database, manner(), shared="a")
    is_alive(database, "a")
    with pytest.raises(ElsewhereError, match="http://a"):
        moved(database, moves=False)
    (session,) = rows(database, "sessions")
    assert (session["room"], session["epoch"]) == ("a", 0)
    is_alive(database, "a", seconds=4)
    assert moved(database, moves=False) is not None, "nobody else can answer"


def test_nobody_takes_a_conversation_from_somebody_else(database: Database) -> None:
    def owns(_session: str, labels: Mapping[str, str]) -> bool:
        return labels.get("credential") == "mine"

    kept(database, manner(labels={"credential": "theirs"}), shared="a")
    with pytest.raises(AccessDeniedError):
        moved(database, owns=owns)
    (session,) = rows(database, "sessions")
    assert (session["room"], session["epoch"]) == ("a", 0), "it is where it was"


class TestTheRoomItWasTakenFrom:
    def test_says_no_more_of_it(self, database: Database) -> None:
        before = kept(database, manner(), shared="a")
        assert moved(database) is not None
        after(before, closed("anna:7", outcome=Outcome.FAILED), ended())
        (session,) = rows(database, "sessions")
        assert session["ended_at"] is None
        assert not rows(database, "turns")
        assert rows(database, "resumption"), "it may move on"
        assert before.counters["rows_overtaken"] == 2

    def test_is_heard_of_what_was_before(self, database: Database) -> None:
        before = kept(database, manner(), shared="a")
        before.store.rows.turn(closed("anna:7"))
        assert moved(database) is not None
        after(before)
        (turn,) = rows(database, "turns")
        assert (turn["turn"], turn["outcome"]) == ("anna:7", "answered")

    def test_does_not_overrule_the_other(self, database: Database) -> None:
        before = kept(database, manner(), shared="a")
        before.store.rows.turn(closed("anna:7", outcome=Outcome.FAILED))
        found = moved(database)
        assert found is not None
        kept(database, found.manner, closed("anna:7"), shared="b", age_s=3600)
        after(before)
        (turn,) = rows(database, "turns")
        assert (turn["outcome"], turn["epoch"]) == ("answered", 1)

    def test_sees_it_when_it_looks_and_when_a_row_is_not_taken(self, database: Database) -> None:
        async def look(room: Room) -> list[str]:
            lost: list[str] = []
            room.store.on_moved = lost.append
            await room.store.watch.look()
            return lost

        before = kept(database, manner(), manner("ben"), shared="a")
        assert not run(lambda: look(before))
        assert moved(database) is not None
        before.store.rows.away("anna")
        run(before.written)
        assert before.store.watch._stirred.is_set()
        assert run(lambda: look(before)) == ["anna"]
        assert not run(lambda: look(before)), "it is told once"
        assert before.counters["sessions_moved"] == 1


def test_turns_of_one_name_that_were_written_before_are_kept_apart(url: Any) -> None:
    async def make_old() -> None:
        engine = make_engine(url)
        async with engine.begin() as connection:
            await upgrade(connection, "0003")
            await connection.execute(text(OLD_SESSION))
            for epoch in (0, 1):
                await connection.execute(text(OLD_TURN), {"epoch": epoch, "said": str(epoch)})
        await engine.dispose()

    asyncio.run(make_old())
    database = Database(url)
    try:
        found = {(each["turn"], each["said"]) for each in rows(database, "turns")}
    finally:
        database.close()
    assert found == {("anna:1@0", "0"), ("anna:1", "1")}


OLD_SESSION = """
INSERT INTO sessions (id, name, room, epoch, claimed_at, labels, records, opened_at)
VALUES ('1', 'anna', 'r', 1, '2026-11-28 12:00:00', '{}', 'all', '2026-11-28 12:00:00')
"""
OLD_TURN = """
INSERT INTO turns (session_id, epoch, turn, closed_at, outcome, backend, reason, said, answer)
VALUES ('1', :epoch, 'anna:1', '2026-11-28 12:00:00', 'answered', 'live', '', :said, '')
"""
