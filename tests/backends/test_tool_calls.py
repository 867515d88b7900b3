"""A tool is carried out once, whoever asks for it and however often."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from actors.backends.tool_calls import CallRecord, ToolCalls, ToolReply
from pipeline.frames import ToolResult, ToolStatus

MOVED = {"moved": 1}


@pytest.fixture
def calls() -> ToolCalls:
    return ToolCalls(Counter())


def done(call_id: str, turn: str = "a", status: ToolStatus = ToolStatus.OK) -> ToolResult:
    return ToolResult(turn=turn, call_id=call_id, name="move", status=status, response=MOVED)


def ask(
    calls: ToolCalls, call_id: str, turn: str = "a", **args: Any
) -> CallRecord | ToolReply | None:
    return calls.requested(turn, call_id, "move", args)


def test_what_another_backend_had_carried_out_for_the_turn_is_not_carried_out_again(
    calls: ToolCalls,
) -> None:
    assert calls.result(done("theirs")) is None
    assert ask(calls, "c1", metres=1) == ToolReply("c1", "move", MOVED)
    assert isinstance(ask(calls, "c2", metres=1), CallRecord), (
        "they asked for it once, and this is twice"
    )


@pytest.mark.parametrize(("turn", "status"), [("another", ToolStatus.OK), ("a", ToolStatus.ERROR)])
def test_another_turn_and_what_went_wrong_are_tried(
    calls: ToolCalls, turn: str, status: ToolStatus
) -> None:
    calls.result(done("theirs", turn, status))
    assert isinstance(ask(calls, "c1"), CallRecord)


def test_a_result_that_came_too_late_serves_whoever_asks_again(calls: ToolCalls) -> None:
    ask(calls, "c1", metres=1)
    assert [call.call_id for call in calls.abandoned("a")] == ["c1"]
    calls.released()
    assert calls.result(done("c1")) is None, "nobody waits for it"
    assert isinstance(ask(calls, "c2", metres=2), CallRecord), (
        "with other arguments it is another call"
    )
    assert ask(calls, "c3", metres=1) == ToolReply("c3", "move", MOVED)


def test_under_the_same_id_even_what_went_wrong_is_known(calls: ToolCalls) -> None:
    calls.result(done("a/1/1", status=ToolStatus.ERROR))
    assert ask(calls, "a/1/1") == ToolReply("a/1/1", "move", MOVED)


@pytest.mark.parametrize("others", [["theirs"], ["c1"], ["c1", "theirs"]])
def test_an_id_that_is_asked_with_twice_is_answered_once(
    calls: ToolCalls, others: list[str]
) -> None:
    for each in others:
        calls.result(done(each))
    assert ask(calls, "c1") == ToolReply("c1", "move", MOVED)
    assert ask(calls, "c1") is None
    calls.released()
    assert ask(calls, "c1") == ToolReply("c1", "move", MOVED), "by the next connection"
