"""Calls belong to sessions: they end with them, and some the caller's own client answers."""

from __future__ import annotations

from pathlib import Path

from test_tools_calls import call, tools

from actors.services.tools.client_functions import ClientFunctions
from pipeline.frames import SessionOpened, ToolCancel, ToolResult, ToolStatus


def test_a_session_that_ends_takes_its_calls_with_it(tmp_path: Path) -> None:
    with tools(tmp_path) as staged:
        staged.open("caller")
        staged.send("calls", call("think", session="caller"), call("hang", "2", session="caller"))
        staged.send("calls", call("hang", "own"))
        staged.until(staged.mine["started"].is_set, "a tool runs")
        staged.end("caller")
        staged.expect_nothing("results")
        assert staged.actor.counters["calls.given_up"] == 2
        staged.mine["release"].set()
        result = staged.expect("results", ToolResult)
        assert (result.session, result.call_id) == ("local", "own"), "the others go on"
        staged.expect_nothing("results")


def test_a_session_of_the_same_name_is_a_new_one(tmp_path: Path) -> None:
    with tools(tmp_path) as staged:
        for _ in range(2):
            staged.open("caller")
            staged.send("calls", call("add", session="caller", a=1, b=2))
            assert staged.expect("results", ToolResult).response == {"result": 3}
            staged.end("caller")
        assert staged.mine["ran"] == [(1, 2), (1, 2)]
        assert staged.actor.counters["calls.duplicate"] == 0


def test_what_the_callers_client_answers_is_left_to_it(tmp_path: Path) -> None:
    with tools(tmp_path) as staged:
        staged.open("caller", functions=[{"name": "show_map"}, {"name": "add"}])
        staged.open("other")
        mine = (call("show_map", "1", session="caller"), call("add", "2", session="caller"))
        staged.send("calls", *mine)
        staged.send("calls", ToolCancel(session="caller", turn="caller:0", call_id="1"))
        staged.expect_nothing("results")
        assert staged.mine["ran"] == []
        assert staged.actor.counters["calls.of_clients"] == 2
        assert staged.actor.counters["cancels.too_late"] == 0
        staged.send("calls", call("show_map", "1", session="other"))
        assert staged.expect("results", ToolResult).status is ToolStatus.UNKNOWN
        staged.send("calls", call("add", "2", session="other", a=1, b=1))
        assert staged.expect("results", ToolResult).status is ToolStatus.OK


def test_a_declaration_without_a_name_is_nobodys() -> None:
    client = ClientFunctions(SessionOpened(session="caller", functions=[{"title": "?"}, {}]))
    assert not client.answers(call("add", session="caller"))


def test_what_a_function_logs_carries_its_session(tmp_path: Path) -> None:
    (tmp_path / "talking.py").write_text(
        "from pipeline.logs import SESSION\n"
        "def say() -> dict:\n    return dict(SESSION.get())\n"
        "async def say_later() -> dict:\n    return dict(SESSION.get())\n"
    )
    with tools(tmp_path, functions=["talking.py:say", "talking.py:say_later"]) as staged:
        staged.open("caller", labels={"business": "7"})
        for number, name in enumerate(("say", "say_later")):
            staged.send("calls", call(name, str(number), session="caller"))
            result = staged.expect("results", ToolResult)
            assert result.response == {"business": "7", "session": "caller"}
