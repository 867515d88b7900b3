"""Calls through the actor: whatever happens, one result each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from actors.services.tools import Tools, ToolsOptions
from actors.services.tools.functions import load_function
from pipeline.errors import ConfigError
from pipeline.frames import ToolCall, ToolCancel, ToolOffer, ToolResult, ToolStatus
from pipeline.testing import ActorHarness, stage

FUNCTIONS = '''
import asyncio, threading

started = threading.Event()
release = threading.Event()
ran = []

def add(a: int, b: int) -> int:
    """Add two numbers."""
    ran.append((a, b))
    return a + b

def fail() -> None:
    raise ValueError("the arm is stuck; key AIzaSyA0123456789abcdefghijklmnopqrstuv")

def hang() -> str:
    started.set()
    release.wait()
    return "late"

async def think() -> None:
    started.set()
    await asyncio.Event().wait()

async def stubborn() -> None:
    try:
        await asyncio.Event().wait()
    finally:
        raise RuntimeError("failed while being cancelled")
'''
NAMES = ("add", "fail", "hang", "think", "stubborn")


class Staged(ActorHarness[ToolsOptions]):
    """A stage on which the globals of the functions can be seen."""

    mine: dict[str, Any]


@contextmanager
def tools(folder: Path, **options: Any) -> Iterator[Staged]:
    (folder / "mine.py").write_text(FUNCTIONS)
    functions = [f"mine.py:{name}" for name in NAMES]
    with stage(Tools, config_dir=folder, **{"functions": functions, **options}) as staged:
        staged = cast("Staged", staged)
        staged.mine = load_function("mine.py:add", folder).__globals__
        try:
            yield staged
        finally:
            staged.mine["release"].set()


def call(name: str, call_id: str = "1", session: str = "local", **args: object) -> ToolCall:
    return ToolCall(session=session, turn=f"{session}:0", call_id=call_id, name=name, args=args)


def cancel(call_id: str = "1") -> ToolCancel:
    return ToolCancel(turn="local:0", call_id=call_id)


def test_the_functions_are_offered_with_their_schema(tmp_path: Path) -> None:
    with tools(tmp_path) as staged:
        offer = staged.expect("offer", ToolOffer)
    assert [tool["name"] for tool in offer.tools] == list(NAMES)
    assert offer.tools[0] == {
        "name": "add",
        "description": "Add two numbers.",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
            "required": ["a", "b"],
        },
    }


def test_a_call_is_answered_with_what_the_function_returns(tmp_path: Path) -> None:
    with tools(tmp_path) as staged:
        staged.send("calls", call("add", a=2, b=3))
        result = staged.expect("results", ToolResult)
    assert (result.status, result.response) == (ToolStatus.OK, {"result": 5})
    assert (result.call_id, result.turn, result.name) == ("1", "local:0", "add")


def test_a_bad_argument_is_an_error_that_names_it(tmp_path: Path) -> None:
    with tools(tmp_path) as staged:
        staged.send("calls", call("add", a="many", b=3))
        result = staged.expect("results", ToolResult)
    assert result.status is ToolStatus.ERROR
    assert "a: Input should be a valid integer" in result.response["error"]


def test_an_unknown_tool_is_answered_with_the_nearest_name(tmp_path: Path) -> None:
    with tools(tmp_path) as staged:
        staged.send("calls", call("ad", a=1, b=2))
        result = staged.expect("results", ToolResult)
    assert result.status is ToolStatus.UNKNOWN
    assert "did you mean 'add'?" in result.response["error"]


def test_an_exception_is_an_error_without_secrets_and_its_traceback_is_logged(
    tmp_path: Path,
) -> None:
    with capture_logs() as logs, tools(tmp_path) as staged:
        staged.send("calls", call("fail"))
        result = staged.expect("results", ToolResult)
    assert result.status is ToolStatus.ERROR
    assert result.response == {"error": "the arm is stuck; key [secret]"}
    logged = [entry for entry in logs if entry["event"] == "tool failed"]
    assert [type(entry["exc_info"]) for entry in logged] == [ValueError]


def test_a_call_seen_twice_is_run_and_answered_once(tmp_path: Path) -> None:
    with tools(tmp_path) as staged:
        staged.send("calls", call("add", a=1, b=1), call("add", a=1, b=1))
        staged.expect("results", ToolResult)
        staged.send("calls", call("add", a=1, b=1))
        staged.expect_nothing("results")
        assert staged.mine["ran"] == [(1, 1)]
        assert staged.actor.counters["calls.duplicate"] == 2


def test_the_same_call_id_in_two_sessions_is_two_calls(tmp_path: Path) -> None:
    with tools(tmp_path) as staged:
        staged.open("x")
        staged.open("y")
        staged.send("calls", call("add", session="x", a=1, b=1), call("add", session="y", a=2, b=2))
        results = [staged.expect("results", ToolResult) for _ in range(2)]
    assert {(each.session, each.response["result"]) for each in results} == {("x", 2), ("y", 4)}


def test_a_hung_sync_function_times_out_is_counted_as_stuck_and_its_late_return_is_dropped(
    tmp_path: Path,
) -> None:
    with tools(tmp_path, timeouts_s={"hang": 0.05}) as staged:
        staged.send("calls", call("hang"))
        result = staged.expect("results", ToolResult)
        assert result.status is ToolStatus.TIMEOUT
        staged.until(lambda: staged.actor.gauges.get("stuck") == 1, "one thread stuck")
        staged.mine["release"].set()
        staged.until(lambda: staged.actor.gauges["stuck"] == 0, "no thread stuck")
        staged.expect_nothing("results")


@pytest.mark.parametrize("name", ["hang", "think"])
def test_a_cancelled_call_is_answered_cancelled_and_nothing_more(tmp_path: Path, name: str) -> None:
    with tools(tmp_path) as staged:
        staged.send("calls", call(name))
        staged.until(staged.mine["started"].is_set, "the tool runs")
        staged.send("calls", cancel())
        assert staged.expect("results", ToolResult).status is ToolStatus.CANCELLED
        staged.mine["release"].set()
        staged.until(lambda: not staged.actor.gauges.get("stuck"), "no thread stuck")
        staged.expect_nothing("results")


def test_a_call_and_its_cancellation_that_come_together_do_not_run(tmp_path: Path) -> None:
    with tools(tmp_path) as staged:
        staged.send("calls", call("add", a=1, b=1), cancel())
        assert staged.expect("results", ToolResult).status is ToolStatus.CANCELLED
        staged.expect_nothing("results")
        assert staged.mine["ran"] == []


def test_a_cancellation_after_the_answer_changes_nothing(tmp_path: Path) -> None:
    with tools(tmp_path) as staged:
        staged.send("calls", call("add", a=1, b=1))
        assert staged.expect("results", ToolResult).status is ToolStatus.OK
        staged.send("calls", cancel(), cancel("never made"))
        staged.expect_nothing("results")
        assert staged.actor.counters["cancels.too_late"] == 2


def test_an_async_function_that_fails_after_its_timeout_leaves_the_actor_alive(
    tmp_path: Path,
) -> None:
    with tools(tmp_path, timeout_s=0.05) as staged:
        staged.send("calls", call("stubborn"))
        assert staged.expect("results", ToolResult).status is ToolStatus.TIMEOUT
        staged.send("calls", call("add", "2", a=1, b=1))
        assert staged.expect("results", ToolResult).status is ToolStatus.OK


def test_calls_run_side_by_side(tmp_path: Path) -> None:
    with tools(tmp_path) as staged:
        staged.send("calls", call("hang", "slow"), call("add", "quick", a=1, b=1))
        assert staged.expect("results", ToolResult).call_id == "quick"
        staged.mine["release"].set()
        assert staged.expect("results", ToolResult).response == {"result": "late"}


def test_a_misspelt_name_in_timeouts_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigError, match="timeouts_s: no tool 'han': did you mean 'hang'"),
        tools(tmp_path, timeouts_s={"han": 1.0}),
    ):
        pass


def test_two_functions_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "twice.py").write_text("def f() -> None: ...\n")
    with (
        pytest.raises(ConfigError, match="two are called 'f'"),
        stage(Tools, config_dir=tmp_path, functions=["twice.py:f", "twice.py:f"]),
    ):
        pass
