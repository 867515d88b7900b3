"""What the store keeps of callers, on SQLite and, with `-m postgres`, on PostgreSQL."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from database_work import done
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.gateway.past_sessions import of_anybody
from actors.gateway.store.caller_store import CallerStore, room_times
from actors.gateway.store.database import Database
from actors.gateway.store.erasing import erase_before, erase_label, erase_session
from actors.gateway.store.tables import metadata
from actors.gateway.store.times import now
from actors.services.budget.prices import load_prices
from pipeline.frames import (
    Outcome,
    RecordingConsent,
    SessionEnd,
    SessionEnded,
    SessionOpened,
    Side,
    ToolCall,
    ToolResult,
    ToolStatus,
    TurnClosed,
    Usage,
)
from pipeline.logs import get_logger

NOW_NS = time.monotonic_ns
PRICES = load_prices(None, Path())
PRICED = next(each.model for each in PRICES.rows if {"text"} <= set(each.input) & set(each.output))
TABLES = ("sessions", "turns", "calls", "resumption")


class Room:
    """A pipeline, started so long ago, with a store in a database that others may use."""

    def __init__(self, database: Database, **given: Any) -> None:
        self.counters: Counter[str] = Counter()
        started_ns = NOW_NS() - int(given.get("age_s", 1) * 1e9)
        name, absence_s = given.get("room", "gateway"), given.get("absence_s", 60)
        times = room_times(name, Path("/state"), started_ns, absence_s, given.get("shared", ""))
        self.store = CallerStore(
            database, times, given.get("keep_days"), PRICES, self.counters, get_logger("test")
        )

    async def written(self) -> None:
        """Let what waits be written."""
        while self.store.waiting:
            await self.store._writer._write_some()


def run(work: Callable[[], Awaitable[Any]]) -> Any:
    async def inner() -> Any:
        return await work()

    return asyncio.run(inner())


def manner(session: str = "anna", **given: Any) -> SessionOpened:
    given.setdefault("lasts_s", 900)
    given.setdefault("conversation", f"id-{session}")
    return SessionOpened(session=session, origin_ns=NOW_NS(), **given)


def closed(turn: str = "anna:1", session: str = "anna", **given: Any) -> TurnClosed:
    given.setdefault("outcome", Outcome.ANSWERED)
    given.setdefault("said", "How far?")
    given.setdefault("answer", "Ten meters.")
    return TurnClosed(session=session, turn=turn, by="live", **given)


def ended(session: str = "anna") -> SessionEnded:
    return SessionEnded(session=session, reason=SessionEnd.HUNG_UP, detail="the caller ended it")


def rows(database: Database, table: str) -> list[dict[str, Any]]:
    async def read(connection: AsyncConnection) -> list[dict[str, Any]]:
        found = await connection.execute(select(metadata.tables[table]))
        return [dict(row._mapping) for row in found]

    return done(database, read)


def kept(database: Database, *told: Any, **given: Any) -> Room:
    """Tell a store what happens, and let it be written."""

    async def tell() -> Room:
        room = Room(database, **given)
        for each in told:
            match each:
                case SessionOpened():
                    room.store.opened(each)
                case SessionEnded():
                    room.store.ended(each)
                case TurnClosed():
                    room.store.rows.turn(each)
                case ToolCall() | ToolResult():
                    room.store.called(each)
                case Usage():
                    room.store.used(each)
        await room.written()
        return room

    return run(tell)  # type: ignore[no-any-return]


def used(turn: str = "anna:1", model: str = PRICED) -> Usage:
    tokens = {"text": 1000}
    return Usage(
        session="anna",
        turn=turn,
        epoch=1,
        backend="live",
        model=model,
        input_tokens=tokens,
        output_tokens=tokens,
        total_tokens=2000,
    )


class TestRows:
    def test_a_session_with_its_turn_and_its_end(self, database: Database) -> None:
        labels = {"interview_type": "technical"}
        kept(database, manner(labels=labels), closed(first_sound_ms=420.5), ended())
        (session,) = rows(database, "sessions")
        assert (session["name"], session["labels"], session["epoch"]) == ("anna", labels, 0)
        assert (session["reason"], session["detail"]) == ("hung_up", "the caller ended it")
        assert session["ends_at"] - session["opened_at"] == timedelta(seconds=900)
        assert timedelta() <= session["ended_at"] - session["opened_at"] < timedelta(seconds=60)
        (turn,) = rows(database, "turns")
        assert (turn["said"], turn["answer"]) == ("How far?", "Ten meters.")
        assert (turn["outcome"], turn["backend"]) == ("answered", "live")
        assert turn["first_sound_ms"] == 420.5
        assert not rows(database, "resumption"), "nobody comes back to a session that is over"

    @pytest.mark.parametrize("order", [1, -1])
    def test_what_a_turn_costs_may_be_told_before_or_after_its_end(
        self, database: Database, order: int
    ) -> None:
        told = [closed(), used(), used()]
        kept(database, manner(), *told[::order])
        (turn,) = rows(database, "turns")
        one = float(PRICES.price(used(), now().date())[0].money)
        assert one > 0
        assert turn["tokens"] == 4000
        assert turn["cost"] == pytest.approx(2 * one, abs=1e-6)

    def test_a_price_that_is_not_known_is_not_made_up(self, database: Database) -> None:
        kept(database, manner(), closed(), used(model="none-such"))
        (turn,) = rows(database, "turns")
        assert (turn["tokens"], turn["cost"]) == (2000, None)

    def test_calls_with_what_they_returned(self, database: Database) -> None:
        call = ToolCall(session="anna", turn="anna:1", call_id="c", name="dial", args={"to": 7})
        result = ToolResult(
            session="anna",
            turn="anna:1",
            call_id="c",
            name="dial",
            status=ToolStatus.OK,
            response={"rang": True},
        )
        kept(database, manner(), call, result)
        (row,) = rows(database, "calls")
        assert (row["name"], row["args"], row["status"]) == ("dial", {"to": 7}, "ok")
        assert row["response"] == {"rang": True}
        assert row["answered_at"] >= row["called_at"]

    def test_who_does_not_want_to_be_recorded_leaves_no_words(self, database: Database) -> None:
        call = ToolCall(session="anna", turn="anna:1", call_id="c", name="dial", args={"to": 7})
        kept(database, manner(records=RecordingConsent.NOTHING), closed(), call)
        (turn,), (row,) = rows(database, "turns"), rows(database, "calls")
        assert (turn["said"], turn["answer"], turn["outcome"]) == ("", "", "answered")
        assert row["args"] == {}

    def test_what_no_database_takes_is_kept_as_it_can_be(self, database: Database) -> None:
        odd = ToolCall(
            session="anna",
            turn="anna:1",
            call_id="c\0",
            name="f\ud800",
            args={"a\0": ["\0", math.nan]},
        )
        room = kept(database, manner(labels={"k\0": "\udc00"}), closed(said="a\0b"), odd)
        assert room.counters["rows_refused"] == 0
        assert [each["said"] for each in rows(database, "turns")] == ["a�b"]
        assert [each["args"] for each in rows(database, "calls")] == [{"a�": ["�", None]}]

    def test_a_row_that_is_refused_keeps_none_of_the_others_away(self, database: Database) -> None:
        nobody = manner("ben").model_copy(update={"conversation": None})
        room = kept(database, manner(), nobody, closed())
        assert room.counters["rows_refused"] > 0
        assert not room.store.problem
        assert [each["name"] for each in rows(database, "sessions")] == ["anna"]
        assert len(rows(database, "turns")) == 1

    def test_what_was_erased_does_not_come_back(self, database: Database) -> None:
        async def go_on(room: Room) -> None:
            room.store.rows.turn(closed("anna:2"))
            room.store.ended(ended())
            await room.written()

        room = kept(database, manner(), closed())
        assert done(database, lambda c: erase_session(c, "anna")) == ["anna"]
        run(lambda: go_on(room))
        assert [rows(database, table) for table in TABLES] == [[], [], [], []]


class TestErasing:
    def test_one_session_goes_with_all_that_is_its(self, database: Database) -> None:
        kept(database, manner(), closed(), manner("ben"), closed("ben:1", "ben"))
        done(database, lambda c: erase_session(c, "anna"))
        assert [each["session_id"] for each in rows(database, "turns")] == ["id-ben"]
        assert [each["session_id"] for each in rows(database, "resumption")] == ["id-ben"]

    def test_all_of_a_label(self, database: Database) -> None:
        kept(database, *(manner(name, labels={"customer": name[0]}) for name in ("a1", "a2", "b")))
        assert done(database, lambda c: erase_label(c, "customer", "a")) == ["a1", "a2"]
        assert done(database, lambda c: erase_label(c, "nobody", "a")) == []
        assert [each["name"] for each in rows(database, "sessions")] == ["b"]

    @pytest.mark.parametrize("name", ["a'\"b%.$[0]", "nul\0", "half \ud800", "-- ü"])
    def test_whatever_its_name_and_its_label(self, database: Database, name: str) -> None:
        strange = manner(name, conversation="strange", labels={name: name})
        kept(database, strange, manner("ben", labels={"a": "b"}))
        found = done(database, lambda c: erase_label(c, name, name))
        assert len(found) == 1
        kept(database, strange)
        assert done(database, lambda c: erase_session(c, name)) == found
        assert [each["name"] for each in rows(database, "sessions")] == ["ben"]

    def test_what_is_old_enough(self, database: Database) -> None:
        kept(database, manner("open"), manner("over"), ended("over"))
        hours = timedelta(hours=1)
        assert done(database, lambda c: erase_before(c, now() - hours)) == []
        assert done(database, lambda c: erase_before(c, now())) == ["over"]
        assert done(database, lambda c: erase_before(c, now() + hours)) == ["open"]

    def test_after_so_many_days(self, database: Database) -> None:
        room = kept(database, manner(), ended(), keep_days=7)
        week = timedelta(days=7)
        run(lambda: room.store.tidy(now() + 0.99 * week))
        assert len(rows(database, "sessions")) == 1
        run(lambda: room.store.tidy(now() + week))
        assert not rows(database, "sessions")
        assert room.counters["sessions_erased"] == 1


def taken_up(database: Database, name: str = "anna", **given: Any) -> SessionOpened | None:
    """Return as what a pipeline that was started after all of that takes a conversation up."""

    async def ask() -> SessionOpened | None:
        room = Room(database, **{"age_s": 0, **given})
        found = await room.store.take_up(name, given.get("owns", of_anybody), moves=True)
        return None if found is None else found.manner

    return run(ask)  # type: ignore[no-any-return]


class TestTakingUp:
    def test_as_it_was_with_what_was_said_for_the_rest_of_its_time(
        self, database: Database
    ) -> None:
        function = {"name": "dial", "description": "Dials."}
        before = manner(
            voice="Kore",
            functions=[function],
            labels={"a": "b"},
            history=[(Side.USER, "Hello.")],
            speaks_first=True,
        )
        broken = closed("anna:2", outcome=Outcome.INTERRUPTED, said="And then?")
        kept(database, before, closed(), broken)
        again = taken_up(database)
        assert again is not None
        assert (again.session, again.conversation, again.taken_up) == ("anna", "id-anna", 1)
        assert (again.voice, again.functions, again.labels) == ("Kore", [function], {"a": "b"})
        assert again.history == [
            (Side.USER, "Hello."),
            (Side.USER, "How far?"),
            (Side.MODEL, "Ten meters."),
            (Side.USER, "And then?"),
        ]
        assert not again.speaks_first, "it has"
        assert again.lasts_s is not None
        assert 840 < again.lasts_s < 900

    def test_a_turn_that_two_pipelines_have_heard_has_the_outcome_of_the_later_one(
        self, database: Database
    ) -> None:
        kept(database, manner(), closed(said="one"))
        again = taken_up(database)
        assert again is not None
        kept(
            database, again.model_copy(update={"origin_ns": NOW_NS()}), closed(said="two"), age_s=0
        )
        said = {(each["epoch"], each["said"]) for each in rows(database, "turns")}
        assert said == {(1, "two")}
        third = taken_up(database, room="another")
        assert third is not None
        assert third.taken_up == 2
        assert [words for side, words in third.history if side is Side.USER] == ["two"]

    def test_of_a_name_that_no_database_takes(self, database: Database) -> None:
        odd = "a\0b"
        kept(database, manner(odd, conversation="id"))
        again = taken_up(database, odd)
        assert again is not None
        assert again.session == odd
        room = kept(database, again, ended(odd), age_s=0)
        past = run(lambda: room.store.past(odd))
        assert past["reason"] == "hung_up"

    def test_only_once(self, database: Database) -> None:
        kept(database, manner())
        assert taken_up(database) is not None
        assert taken_up(database, age_s=1) is None

    def test_not_what_has_ended(self, database: Database) -> None:
        kept(database, manner(), ended())
        assert taken_up(database) is None

    def test_not_what_this_very_pipeline_opened(self, database: Database) -> None:
        kept(database, manner(), age_s=5)
        assert taken_up(database, age_s=5) is None

    def test_not_when_its_time_is_over(self, database: Database) -> None:
        past = manner(lasts_s=10).model_copy(update={"origin_ns": NOW_NS() - 11_000_000_000})
        kept(database, past, age_s=20)
        assert taken_up(database) is None

    def test_not_when_the_caller_was_away_too_long(self, database: Database) -> None:
        old = manner().model_copy(update={"origin_ns": NOW_NS() - 100_000_000_000})
        kept(database, old, age_s=200)
        assert taken_up(database, age_s=61) is None
        assert taken_up(database, age_s=59) is not None

    def test_what_the_pipeline_of_before_says_afterwards_counts_no_more(
        self, database: Database
    ) -> None:
        async def end(room: Room) -> None:
            room.store.ended(ended())
            await room.written()

        before = kept(database, manner())
        assert taken_up(database, room="another") is not None
        run(lambda: end(before))
        (session,) = rows(database, "sessions")
        assert (session["ended_at"], session["epoch"]) == (None, 1)

    def test_those_to_which_nobody_comes_back_are_ended(self, database: Database) -> None:
        def tidied(room: Room, later: datetime) -> list[str]:
            run(lambda: room.store.tidy(later))
            found = rows(database, "sessions")
            return sorted(each["name"] for each in found if each["ended_at"] is None)

        kept(database, manner("lost"), manner("back"))
        again = taken_up(database, "back")
        assert again is not None
        room = kept(database, again, age_s=0)
        assert tidied(room, now()) == ["back", "lost"]
        assert tidied(room, now() + timedelta(seconds=61)) == ["back"]
        past = run(lambda: room.store.past("lost"))
        assert (past["reason"], past["turns"]) == ("source_lost", 0)
        assert "did not come back" in past["detail"]


def test_what_is_known_of_a_session_that_is_over(database: Database) -> None:
    room = kept(database, manner(), closed(), used(), closed("anna:2"), ended())
    past = run(lambda: room.store.past("anna"))
    assert (past["turns"], past["answered_by"], past["reason"]) == (2, "live", "hung_up")
    assert past["cost"] > 0
    assert run(lambda: room.store.past("nobody")) is None
