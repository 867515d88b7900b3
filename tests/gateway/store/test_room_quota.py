"""A caller is let in once there is a place for it in a project; in both databases."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import URL

from actors.backends.gemini.cool_downs import CoolDown
from actors.backends.gemini.places import ProjectLimit, next_project
from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.rooms.quota import WhenFull, are_full, with_room
from actors.gateway.rooms.room_quota import RoomQuota
from actors.gateway.store.database import Database
from actors.gateway.store.quota_rows import declare, give_back, rest, take, taken
from actors.gateway.store.times import now
from actors.gateway.store.url import database_url
from pipeline.frames import FaultClass

ONE, OPEN = ProjectLimit("one", 1), ProjectLimit("open")
FULL = CoolDown("one", "", "", FaultClass.CONCURRENCY, 0.0)
OF_A_KEY = CoolDown("one", "digest", "", FaultClass.CONCURRENCY, 0.0)
QUOTA = CoolDown("one", "", "m", FaultClass.QUOTA, 0.0)
HERE, ELSEWHERE = "this-pipeline", "another"


@pytest.mark.parametrize(
    ("projects", "taken", "resting", "full"),
    [
        ([], {}, [], False),
        ([ONE], {}, [], False),
        ([ONE], {"one": 1}, [], True),
        ([ONE], {"one": 2}, [], True),
        ([ONE], {}, [FULL], True),
        ([ONE], {}, [OF_A_KEY, QUOTA], False),
        ([ONE, OPEN], {"one": 1, "open": 1000}, [], False),
        ([ONE, ProjectLimit("two", 3)], {"one": 1, "two": 2}, [], False),
        ([ONE, ProjectLimit("two", 3)], {"two": 3}, [FULL], True),
    ],
)
def test_what_is_full(
    projects: list[ProjectLimit], taken: dict[str, int], resting: list[CoolDown], full: bool
) -> None:
    assert are_full(projects, taken, resting) is full


@given(
    st.lists(st.builds(ProjectLimit, st.sampled_from("ab"), st.none() | st.integers(1, 3))),
    st.dictionaries(st.sampled_from("ab"), st.integers(0, 4)),
    st.sampled_from([[], [CoolDown("a", "", "", FaultClass.CONCURRENCY, 0.0)]]),
)
def test_full_is_exactly_where_no_place_can_be_taken(
    projects: list[ProjectLimit], taken: dict[str, int], resting: list[CoolDown]
) -> None:
    place = next_project(with_room(projects, resting), taken, None)
    assert are_full(projects, taken, resting) is (bool(projects) and place is None)


def play(
    url: URL, when_full: WhenFull, story: Callable[[RoomQuota, Database], Awaitable[None]]
) -> Counter[str]:
    counters: Counter[str] = Counter()

    async def run() -> None:
        database = Database(url)
        quota = RoomQuota(database, HERE, when_full, counters)
        await database.run(lambda c: declare(c, HERE, [ONE]))
        running = asyncio.create_task(quota.run())
        try:
            async with asyncio.timeout(20):
                while not quota._view.is_shared:
                    await asyncio.sleep(0.01)
                await story(quota, database)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await asyncio.to_thread(database.close)

    asyncio.run(run())
    return counters


def test_who_finds_no_place_is_told_when_to_come_again(url: URL) -> None:
    async def story(quota: RoomQuota, database: Database) -> None:
        await quota.reserve("anna")
        await quota.reserve("anna")
        with pytest.raises(AccessDeniedError) as denied:
            await quota.reserve("bert")
        assert denied.value.denial is Denial.QUOTA_FULL
        assert (denied.value.status, denied.value.close_code) == (503, 1013)
        assert denied.value.retry_after_s == 5
        # From now on it is known before the handshake.
        with pytest.raises(AccessDeniedError):
            quota.check()
        quota.give_back("anna")
        while quota.refuses:
            await asyncio.sleep(0.01)
        quota.check()
        await quota.reserve("bert")
        assert await database.run(lambda c: taken(c, now())) == {"one": 1}

    assert play(url, WhenFull.REFUSE, story)["unplaced"] == 0


def test_who_finds_no_place_is_let_in_if_others_may_answer(url: URL) -> None:
    async def story(quota: RoomQuota, database: Database) -> None:
        await database.run(lambda c: take(c, "theirs", ELSEWHERE, [ONE], now()))
        await quota.reserve("anna")
        quota.check()
        quota.give_back("anna")
        await asyncio.sleep(0)
        assert await database.run(lambda c: taken(c, now())) == {"one": 1}

    assert play(url, WhenFull.ANSWER, story)["unplaced"] == 1


def test_a_caller_of_another_room_brings_its_place_along(url: URL) -> None:
    async def story(quota: RoomQuota, database: Database) -> None:
        await database.run(lambda c: take(c, "theirs", ELSEWHERE, [ONE], now()))
        while not quota.refuses:
            await asyncio.sleep(0.01)
        quota.check()  # It may be the one who has the place: nothing is said before it is known.
        with pytest.raises(AccessDeniedError):
            await quota.reserve("anna")
        await quota.reserve("theirs", comes_back=True)
        await quota.reserve("lost", comes_back=True)
        assert await database.run(lambda c: taken(c, now())) == {"one": 1}

    assert play(url, WhenFull.REFUSE, story)["unplaced"] == 1, "whose place was gone meanwhile"


def test_a_place_is_kept_for_as_long_as_the_conversation_is_open(url: URL) -> None:
    async def story(quota: RoomQuota, database: Database) -> None:
        await quota.reserve("anna")
        later_s = time.monotonic() + 4  # Longer than a lease.
        while time.monotonic() < later_s:
            assert await database.run(lambda c: taken(c, now())) == {"one": 1}
            await asyncio.sleep(0.2)
        # A pipeline that took her over has it now, and nobody here takes it away.
        await database.run(lambda c: take(c, "anna", ELSEWHERE, [ONE], now()))
        quota.give_back("anna")
        await asyncio.gather(*quota._giving_back)
        assert await database.run(lambda c: taken(c, now())) == {"one": 1}
        await database.run(lambda c: give_back(c, "anna", ELSEWHERE))

    play(url, WhenFull.REFUSE, story)


def test_a_project_that_the_service_calls_full_takes_nobody_for_a_while(url: URL) -> None:
    async def story(quota: RoomQuota, database: Database) -> None:
        begun = CoolDown("one", "", "", FaultClass.CONCURRENCY, time.monotonic() + 2)
        await database.run(lambda c: rest(c, begun, now()))
        with pytest.raises(AccessDeniedError):
            await quota.reserve("anna")
        while quota.refuses:
            await asyncio.sleep(0.01)
        await quota.reserve("anna")

    play(url, WhenFull.REFUSE, story)


def test_where_the_database_is_away_whoever_comes_is_let_in(tmp_path: Path) -> None:
    url = database_url("", tmp_path)

    async def story(quota: RoomQuota, database: Database) -> None:
        await quota.reserve("anna")
        with pytest.raises(AccessDeniedError):
            await quota.reserve("bert")
        broken = Path(str(url.database))
        for file in broken.parent.glob(f"{broken.name}*"):
            file.unlink()
        broken.mkdir()
        while quota.refuses:
            await asyncio.sleep(0.01)
        await quota.reserve("bert")

    assert play(url, WhenFull.REFUSE, story)["unplaced"] == 1


def test_without_projects_nobody_needs_a_place(tmp_path: Path) -> None:
    async def knock() -> None:
        database = Database(database_url("", tmp_path))
        quota = RoomQuota(database, HERE, WhenFull.REFUSE, Counter())
        running = asyncio.create_task(quota.run())
        for number in range(3):
            await quota.reserve(f"s{number}")
        await database.run(lambda c: declare(c, ELSEWHERE, [ONE]))
        assert not await database.run(lambda c: taken(c, now()))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await asyncio.to_thread(database.close)

    asyncio.run(knock())
