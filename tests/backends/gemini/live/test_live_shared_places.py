"""The actor with a database: other pipelines have places in its projects, and tell what rests."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from database_work import done
from live_server import KEY, Talker, ready, simulator, staged

from actors.backends.gemini.cool_downs import CoolDown
from actors.backends.gemini.places import ProjectLimit
from actors.gateway.store.database import Database, Work
from actors.gateway.store.quota_rows import declared, give_back, renew, rest, resting, take, taken
from actors.gateway.store.times import now
from actors.gateway.store.url import database_url
from actors.lib.this_pipeline import pipeline_id
from pipeline.frames import AnswerEnd, AnswerEnded, BackendState, BackendStatus, Fault, FaultClass

T = TypeVar("T")
OTHER = "another-pipeline"
BERT_READY = ("bert", BackendState.READY)
ONE = ProjectLimit("one", 1)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_ONE", KEY)


@pytest.fixture
def database(tmp_path: Path) -> Any:
    database = Database(database_url("sqlite:///shared.sqlite3", tmp_path))
    yield database
    database.close()


def shared(limit: int | None = 1) -> dict[str, Any]:
    one = {"name": "one", "api_key_env": ["KEY_ONE"], "live_sessions": limit}
    return {"projects": [one], "database": "sqlite:///shared.sqlite3"}


def unavailable(status: BackendStatus) -> bool:
    return status.state is BackendState.UNAVAILABLE


def asked(database: Database, work: Work[T]) -> T:
    """As `done`, while the loop of the actor runs: in a thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(done, database, work).result()


def test_a_place_that_another_pipeline_has_is_waited_for(
    tmp_path: Path, database: Database
) -> None:
    assert done(database, lambda c: take(c, "theirs", OTHER, [ONE], now())) == "one"
    with (
        simulator(tmp_path) as server,
        staged(tmp_path, callers_only=True, **server.address, **shared()) as live,
    ):
        live.open("anna", conversation="a" * 32)
        fault = live.expect("faults", Fault)
        assert (fault.session, fault.fault) == ("anna", FaultClass.CONCURRENCY)
        assert "1 of 1 in one" in fault.reason
        done(database, lambda c: renew(c, {"theirs": "one"}, OTHER, now()))
        live.expect("status", BackendStatus, unavailable)
        assert not server.journal.sessions, "nobody knocked"
        done(database, lambda c: give_back(c, "theirs", OTHER))
        begun_s = time.monotonic()
        ready(live)
        assert time.monotonic() - begun_s < 4, "looked at each second, not every five"
        live.expect_nothing("faults")
        assert done(database, lambda c: taken(c, now())) == {"one": 1}
        live.end("anna")
        live.until(lambda: not asked(database, lambda c: taken(c, now())), "its place free")


def test_the_place_that_the_gateway_took_is_the_one_that_is_used(
    tmp_path: Path, database: Database
) -> None:
    holder = pipeline_id(tmp_path)
    conversation = "b" * 32
    assert done(database, lambda c: take(c, conversation, holder, [ONE], now())) == "one"
    with (
        simulator(tmp_path) as server,
        staged(tmp_path, callers_only=True, **server.address, **shared()) as live,
    ):
        live.open("bert", conversation=conversation)
        live.expect("status", BackendStatus, lambda f: (f.session, f.state) == BERT_READY)
        live.expect_nothing("faults")
        live.until(lambda: asked(database, lambda c: declared(c, holder)) == [ONE], "it is told")


def test_what_the_service_says_of_a_project_is_known_to_all(
    tmp_path: Path, database: Database
) -> None:
    quota = {"when": {"audio_ms": 500}, "do": ["quota"]}
    with (
        simulator(tmp_path, quota) as server,
        staged(tmp_path, **server.address, **shared(None)) as live,
    ):
        ready(live)
        Talker(live).say()
        assert live.expect("faults", Fault).fault is FaultClass.QUOTA

        found: list[CoolDown] = []

        def is_told() -> bool:
            found[:] = asked(database, lambda c: resting(c, now()))
            return bool(found)

        live.until(is_told, "it is written")
        (begun,) = found
        assert (begun.project, begun.key, begun.model) == ("one", "", "gemini-3.8-live")
        assert 50 < begun.until_s - time.monotonic() <= 60


def test_what_rests_in_another_pipeline_is_not_asked(tmp_path: Path, database: Database) -> None:
    begun = CoolDown("one", "", "gemini-3.8-live", FaultClass.QUOTA, time.monotonic() + 60)
    done(database, lambda c: rest(c, begun, now()))
    with (
        simulator(tmp_path) as server,
        staged(tmp_path, callers_only=True, **server.address, **shared(None)) as live,
    ):
        live.until(lambda: live.actor.counters["quota_syncs"] > 0, "it has looked")
        live.open("anna", conversation="a" * 32)
        assert live.expect("faults", Fault).fault is FaultClass.QUOTA
        assert not server.journal.sessions


def test_without_the_database_a_pipeline_goes_by_its_own_count(tmp_path: Path) -> None:
    (tmp_path / "shared.sqlite3").mkdir()  # It cannot be opened.
    with (
        simulator(tmp_path) as server,
        staged(tmp_path, **server.address, **shared()) as live,
    ):
        ready(live)
        Talker(live).say()
        assert live.expect("answer", AnswerEnded).end is AnswerEnd.COMPLETE
        live.open("anna", conversation="a" * 32)
        assert live.expect("faults", Fault).fault is FaultClass.CONCURRENCY
