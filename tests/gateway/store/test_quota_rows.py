"""Places and cool-downs that pipelines share, in both databases."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from database_work import done
from sqlalchemy import URL

from actors.backends.gemini.cool_downs import CoolDown
from actors.backends.gemini.places import ProjectLimit
from actors.gateway.store.database import Database
from actors.gateway.store.quota_listener import QuotaListener
from actors.gateway.store.quota_rows import (
    LEASE,
    declare,
    declared,
    give_back,
    keep,
    renew,
    rest,
    resting,
    take,
    taken,
)
from actors.gateway.store.quota_seen import quota_seen
from actors.gateway.store.room_rows import RoomClaim
from actors.gateway.store.room_rows import renew as renew_room
from actors.gateway.store.times import now
from pipeline.frames import FaultClass

ONE, TWO, OPEN = ProjectLimit("one", 2), ProjectLimit("two", 1), ProjectLimit("open")
START = now()
LATER = START + LEASE + timedelta(milliseconds=1)
A, B = "pipeline-a", "pipeline-b"


def seat(
    database: Database,
    session: str,
    holder: str = A,
    wanted: Sequence[ProjectLimit] = (ONE, TWO),
    at: datetime = START,
) -> str | None:
    return done(database, lambda c: take(c, session, holder, wanted, at))


def count(database: Database, at: datetime = START) -> dict[str, int]:
    return done(database, lambda c: taken(c, at))


def test_places_of_all_pipelines_are_counted_together(database: Database) -> None:
    given = [seat(database, f"s{n}", (A, B)[n % 2]) for n in range(4)]
    assert given == ["one", "one", "two", None]
    assert count(database) == {"one": 2, "two": 1}
    assert seat(database, "s3", wanted=(ONE, TWO, OPEN)) == "open", "of which no limit is known"


def test_a_session_has_one_place_wherever_it_is_served(database: Database) -> None:
    assert seat(database, "anna") == "one"
    assert seat(database, "bert") == "one"
    assert seat(database, "anna", B) == "one", (
        "it went on in another room, and took its place along"
    )
    done(database, lambda c: give_back(c, "anna", A))
    assert count(database) == {"one": 2}, "the room it left has nothing to give back"
    assert seat(database, "anna", B, (TWO,)) == "two", "the other project rests"
    assert count(database) == {"one": 1, "two": 1}


def test_places_of_a_pipeline_that_is_gone_are_free_when_its_lease_is_over(
    database: Database,
) -> None:
    for session in ("anna", "bert"):
        seat(database, session, wanted=(ONE,))
    just_before = START + LEASE - timedelta(milliseconds=1)
    assert seat(database, "carl", B, (ONE,), just_before) is None
    assert seat(database, "carl", B, (ONE,), LATER) == "one"
    assert count(database, LATER) == {"one": 1}


def test_places_that_are_renewed_are_kept(database: Database) -> None:
    for session in ("anna", "bert"):
        seat(database, session, wanted=(ONE,))
    half = START + LEASE / 2
    done(database, lambda c: keep(c, ["anna", "nobody"], A, half))
    done(database, lambda c: keep(c, ["bert"], B, half))
    assert count(database, LATER) == {"one": 1}, "nobody renews for another pipeline"


def test_who_is_connected_has_a_place_even_if_its_row_was_lost(database: Database) -> None:
    seat(database, "anna", B)
    done(database, lambda c: renew(c, {"anna": "two", "bert": "two"}, A, START))
    assert count(database) == {"one": 1, "two": 1}, "but not one that is served elsewhere now"
    done(database, lambda c: renew(c, {}, A, START))


def test_two_at_once_do_not_get_the_same_last_place(url: URL) -> None:
    pipelines = [Database(url) for _ in range(4)]

    async def knock() -> list[str | None]:
        def work(number: int) -> asyncio.Future[str | None]:
            return asyncio.ensure_future(
                pipelines[number % 4].run(
                    lambda c: take(c, f"s{number}", f"p{number % 4}", (ONE, TWO), START)
                )
            )

        await pipelines[0].reach()
        return await asyncio.gather(*(work(number) for number in range(16)))

    try:
        given = asyncio.run(knock())
    finally:
        for each in pipelines:
            each.close()
    assert sorted(each or "" for each in given) == [""] * 13 + ["one", "one", "two"]


def test_a_pipeline_says_which_projects_it_has(database: Database) -> None:
    assert done(database, lambda c: declared(c, A)) == []
    done(database, lambda c: declare(c, A, (TWO, ONE)))
    done(database, lambda c: declare(c, B, (OPEN,)))
    assert done(database, lambda c: declared(c, A)) == [TWO, ONE]
    done(database, lambda c: declare(c, A, (OPEN,)))
    assert done(database, lambda c: declared(c, A)) == [OPEN]
    done(database, lambda c: declare(c, A, ()))
    assert done(database, lambda c: declared(c, A)) == []


@pytest.mark.parametrize(("rest_s", "left_s"), [(30.0, 30.0), (math.inf, 3600.0)])
def test_what_rests_in_one_pipeline_rests_in_all(
    database: Database, rest_s: float, left_s: float
) -> None:
    begun = CoolDown("one", "digest", "m", FaultClass.AUTH, time.monotonic() + rest_s)
    done(database, lambda c: rest(c, begun, START))
    (learned,) = done(database, lambda c: resting(c, START))
    assert (learned.project, learned.key, learned.model) == ("one", "digest", "m")
    assert learned.fault is FaultClass.AUTH
    assert learned.until_s - time.monotonic() == pytest.approx(left_s, abs=5)
    over = START + timedelta(seconds=left_s + 5)
    assert done(database, lambda c: resting(c, over)) == []


@pytest.mark.parametrize("is_free", [True, False])
def test_a_full_project_has_room_again_when_a_session_in_it_ends(
    database: Database, is_free: bool
) -> None:
    seat(database, "anna")
    until_s = time.monotonic() + 5
    for fault in (FaultClass.CONCURRENCY, FaultClass.QUOTA):
        begun = CoolDown("one", "", "", fault, until_s)
        done(database, lambda c, begun=begun: rest(c, begun, START))
    done(database, lambda c: give_back(c, "anna", A, is_free=is_free))
    left = {each.fault for each in done(database, lambda c: resting(c, START))}
    full = set() if is_free else {FaultClass.CONCURRENCY}
    assert left == {FaultClass.QUOTA, *full}
    assert count(database) == {}


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_others_hear_of_a_free_place_at_once(url: URL, database: Database) -> None:
    async def listen() -> float:
        listener = QuotaListener(url)
        running = asyncio.create_task(listener.run())
        await listener.wait(10)  # It listens.
        await database.run(lambda c: take(c, "anna", A, (ONE,), now()))
        waiting = asyncio.create_task(listener.wait(10))
        await asyncio.sleep(0)
        begun_s = time.monotonic()
        await database.run(lambda c: give_back(c, "anna", A))
        await waiting
        took_s = time.monotonic() - begun_s
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return took_s

    assert asyncio.run(listen()) < 1.0


def test_what_cannot_be_heard_is_looked_up_each_second(tmp_path: object) -> None:
    async def wait() -> float:
        listener = QuotaListener(URL.create("sqlite"))
        await listener.run()
        begun_s = time.monotonic()
        await listener.wait(0.2)
        return time.monotonic() - begun_s

    assert asyncio.run(wait()) >= 0.2


def test_projects_are_seen_of_rooms_that_are_there(database: Database) -> None:
    for name, holder in (("hall", A), ("attic", B)):
        claim = RoomClaim(name, f"{holder}:gateway", "1", "", 1, 0, "1")
        done(database, lambda c, claim=claim: renew_room(c, claim, START))
    done(database, lambda c: declare(c, A, [TWO, OPEN]))
    done(database, lambda c: declare(c, B, [ProjectLimit("two", 5)]))
    done(database, lambda c: declare(c, "of-before", [ONE]))
    seat(database, "anna", wanted=[TWO])
    seen = done(database, lambda c: quota_seen(c, START))
    assert list(seen.lines()) == [
        "project two: 1 of 5 Live sessions",
        "project open: 0 Live sessions",
    ]
    assert done(database, lambda c: quota_seen(c, LATER)).projects == []
