"""Several projects: which key is next, who has a place, and when it may be tried again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from actors.backends.fault_info import FaultAction, FaultInfo
from actors.backends.gemini.keys import FULL_LOOK_S, KeyPool, ServerKey
from actors.backends.gemini.server import Server, ServerOptions, find_servers
from pipeline.errors import NoKeyError
from pipeline.frames import FaultClass
from pipeline.surroundings import Surroundings

ONE = Server(("one-1", "one-2"), project="one", live_sessions=2)
TWO = Server(("two-1",), project="two", live_sessions=1)
OPEN = Server(("open-1",), project="open")
M = "m"


def info(fault: FaultClass, retry_after_s: float | None = None) -> FaultInfo:
    return FaultInfo(fault, FaultAction.COOL_DOWN, 1011, "for the test", "", retry_after_s)


def key_of(which: ServerKey | None) -> str | None:
    return None if which is None else which.key


def seat(pool: KeyPool, session: str, now_s: float = 0.0) -> str | None:
    """Take a place as `live` does; return the key."""
    which = pool.usable(M, now_s, session)
    if which is not None:
        pool.places.take(which.server.project, session)
    return key_of(which)


def test_projects_are_filled_in_their_order_and_no_further() -> None:
    pool = KeyPool((ONE, TWO))
    assert [seat(pool, each) for each in "abcd"] == ["one-1", "one-1", "two-1", None]
    told = pool.exhausted(M, 0.0, "d")
    assert told.fault is FaultClass.CONCURRENCY
    assert "2 of 2 in one, 1 of 1 in two" in told.reason
    assert told.retry_after_s == FULL_LOOK_S


def test_who_has_a_place_keeps_it_when_all_are_taken() -> None:
    pool = KeyPool((ONE, TWO))
    for each in "abc":
        seat(pool, each)
    assert [seat(pool, each) for each in "cab"] == ["two-1", "one-1", "one-1"]


def test_a_place_is_free_when_its_session_ends() -> None:
    pool = KeyPool((ONE, TWO))
    for each in "abc":
        seat(pool, each)
    assert pool.places.give_back("a") == "one"
    assert seat(pool, "d") == "one-1"
    assert pool.places.give_back("nobody") is None


def test_who_needs_no_place_is_served_although_all_are_taken() -> None:
    pool = KeyPool((TWO,))
    seat(pool, "a")
    assert key_of(pool.usable(M, 0.0)) == "two-1", "such as a request over HTTP"


@pytest.mark.parametrize(
    ("fault", "model", "next_for_m", "next_for_n"),
    [
        # The quota of a model is one of the project: its other key has none either.
        (FaultClass.QUOTA, M, "two-1", "one-1"),
        (FaultClass.CONCURRENCY, M, "two-1", "two-1"),
        # A key that is refused says nothing of the next.
        (FaultClass.AUTH, M, "one-2", "one-2"),
        (FaultClass.NETWORK, M, "one-1", "one-1"),
    ],
)
def test_what_a_fault_says_of_the_project_and_of_its_keys(
    fault: FaultClass, model: str, next_for_m: str, next_for_n: str
) -> None:
    pool = KeyPool((ONE, TWO))
    pool.failed(ServerKey(ONE, "one-1"), model, info(fault), 0.0)
    assert key_of(pool.usable("n", 1.0, "anna")) == next_for_n
    assert key_of(pool.usable(M, 1.0, "anna")) == next_for_m


def test_without_names_each_key_has_quotas_of_its_own() -> None:
    server = Server(("a", "b"))
    pool = KeyPool((server,))
    pool.failed(ServerKey(server, "a"), M, info(FaultClass.CONCURRENCY), 0.0)
    assert seat(pool, "anna") == "b"


def test_a_full_project_is_tried_again_in_seconds_and_as_soon_as_a_session_ends() -> None:
    pool = KeyPool((ONE,))
    pool.failed(ServerKey(ONE, "one-1"), M, info(FaultClass.CONCURRENCY, 5.0), 100.0)
    assert pool.usable(M, 104.9, "anna") is None
    assert pool.exhausted(M, 104.0, "anna").fault is FaultClass.CONCURRENCY
    assert pool.wait_s(M, 104.0, "anna") == 1.0
    assert seat(pool, "anna", 105.0) == "one-1"
    pool.failed(ServerKey(ONE, "one-1"), M, info(FaultClass.CONCURRENCY, 5.0), 106.0)
    pool.cool_downs.has_room_again("one")
    assert pool.usable(M, 106.0, "bert") is not None


def test_quota_and_no_place_at_once_is_told_as_what_ends_first() -> None:
    pool = KeyPool((ONE, TWO))
    seat(pool, "a")
    pool.failed(ServerKey(ONE, "one-1"), M, info(FaultClass.QUOTA, 60.0), 0.0)
    assert seat(pool, "b") == "two-1"
    told = pool.exhausted(M, 1.0, "c")
    assert (told.fault, told.retry_after_s) == (FaultClass.CONCURRENCY, FULL_LOOK_S)
    pool.failed(ServerKey(TWO, "two-1"), M, info(FaultClass.QUOTA, 30.0), 1.0)
    told = pool.exhausted(M, 1.0, "c")
    assert (told.fault, told.retry_after_s) == (FaultClass.QUOTA, 30.0)


def test_places_outlive_a_server_that_moved() -> None:
    pool = KeyPool((TWO,))
    seat(pool, "a")
    moved = KeyPool((Server(("two-1",), "https://elsewhere/", project="two", live_sessions=1),))
    assert KeyPool(moved.servers, pool).usable(M, 0.0, "b") is None
    assert moved.usable(M, 0.0, "b") is not None


def test_what_rests_goes_on_resting_at_a_server_that_moved() -> None:
    pool = KeyPool((TWO,))
    pool.failed(ServerKey(TWO, "two-1"), M, info(FaultClass.QUOTA, 30.0), 0.0)
    moved = KeyPool((Server(("two-1",), "https://elsewhere/", project="two"),), pool)
    assert moved.usable(M, 29.0) is None
    assert moved.usable(M, 30.0) is not None


STORY = st.lists(
    st.tuples(
        st.sampled_from("abcdef"),
        st.sampled_from(["seat", "leave", "quota", "full", "wait"]),
        st.floats(0, 20),
    ),
    max_size=60,
)


@given(STORY)
def test_no_story_gives_more_places_than_there_are(story: list[tuple[str, str, float]]) -> None:
    pool = KeyPool((ONE, TWO, OPEN))
    now_s = 0.0
    for session, what, value in story:
        held = pool.places.of(session)
        match what:
            case "seat":
                which = pool.usable(M, now_s, session)
                # Usable is exactly who need not wait; whoever waits long enough is served.
                wait_s = pool.wait_s(M, now_s, session)
                assert wait_s is not None, "no key was refused"
                assert (which is not None) == (wait_s == 0.0)
                if which is not None:
                    pool.places.take(which.server.project, session)
                else:
                    assert pool.exhausted(M, now_s, session).retry_after_s == wait_s
            case "leave":
                assert pool.places.give_back(session) == held
            case "quota" | "full" if held is not None:
                fault = FaultClass.QUOTA if what == "quota" else FaultClass.CONCURRENCY
                server = next(each for each in pool.servers if each.project == held)
                pool.failed(ServerKey(server, server.keys[0]), M, info(fault, value), now_s)
            case "wait":
                now_s += value
        assert pool.places.taken("one") <= 2
        assert pool.places.taken("two") <= 1


# Where they are named.


def found(folder: Path, options: dict[str, object]) -> tuple[Server, ...]:
    surroundings = Surroundings(
        name="live",
        session="local",
        runtime_dir=folder,
        config_dir=folder,
        state_dir=folder,
        started_ns=0,
    )
    return asyncio.run(find_servers(ServerOptions.model_validate(options), surroundings))


PROJECTS = [
    {"name": "one", "api_key_env": ["KEY_ONE"], "live_sessions": 3},
    {"name": "two", "api_key_env": ["KEY_TWO"], "base_url": "https://europe.example/"},
]


def test_each_project_has_its_keys_its_server_and_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY_ONE", "first-1,first-2")
    monkeypatch.setenv("KEY_TWO", "second")
    one, two = found(tmp_path, {"projects": PROJECTS, "base_url": "https://usual.example/"})
    assert (one.project, one.keys, one.live_sessions) == ("one", ("first-1", "first-2"), 3)
    assert one.base_url == "https://usual.example/"
    assert (two.base_url, two.live_sessions) == ("https://europe.example/", None)
    assert "second" not in repr(two)


def test_a_project_without_a_key_is_left_out_and_none_at_all_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KEY_ONE", raising=False)
    monkeypatch.setenv("KEY_TWO", "second")
    assert [each.project for each in found(tmp_path, {"projects": PROJECTS})] == ["two"]
    monkeypatch.delenv("KEY_TWO")
    with pytest.raises(NoKeyError, match="KEY_ONE or KEY_TWO"):
        found(tmp_path, {"projects": PROJECTS})


def test_without_any_key_the_simulator_serves_all_projects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in ("KEY_ONE", "KEY_TWO"):
        monkeypatch.delenv(variable, raising=False)
    file = tmp_path / "simulator.json"
    file.write_text('{"base_url": "https://localhost:1/", "api_key": "simulated"}')
    options = {
        "projects": [PROJECTS[0]],
        "server_file": "simulator.json",
        "server_file_when": "no_key",
    }
    (one,) = found(tmp_path, options)
    assert (one.base_url, one.keys) == ("https://localhost:1/", ("simulated",))
    monkeypatch.setenv("KEY_ONE", "a-real-one")
    (one,) = found(tmp_path, options)
    assert (one.base_url, one.keys) == (None, ("a-real-one",))


@pytest.mark.parametrize(
    ("projects", "complaint"),
    [
        ([PROJECTS[0], PROJECTS[0]], "same name"),
        ([PROJECTS[0], {"name": "three", "api_key_env": ["KEY_ONE"]}], "same variable"),
        ([{"name": "", "api_key_env": ["KEY_ONE"]}], "name"),
        ([{"name": "one", "api_key_env": []}], "api_key_env"),
        ([{"name": "one", "api_key_env": ["K"], "live_sessions": 0}], "live_sessions"),
    ],
)
def test_projects_that_cannot_be_told_apart_are_an_error(
    projects: list[object], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        ServerOptions.model_validate({"projects": projects})
