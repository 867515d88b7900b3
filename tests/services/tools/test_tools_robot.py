"""The example robot: where it goes and how its track is drawn."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from actors.services.tools import Tools
from actors.services.tools.examples.robot import CELLS, draw
from pipeline.frames import ToolCall, ToolResult, ToolStatus
from pipeline.testing import stage


def test_a_track_is_drawn_from_its_start_to_where_the_robot_is() -> None:
    assert draw([(0, 0), (0, 2), (3, 2), (3, 1)]) == "\n".join(
        [
            "+---------+",
            "| * * * * |",
            "| * . . @ |",
            "| o . . . |",
            "+---------+",
            "one step is 1 m",
        ]
    )


def test_a_robot_that_has_not_moved_is_one_mark() -> None:
    assert draw([(0, 0)]) == "+---+\n| @ |\n+---+\none step is 1 m"


def test_a_long_track_is_drawn_to_a_coarser_scale() -> None:
    lines = draw([(0, 0), (100, 0), (100, -50)]).splitlines()
    assert max(len(line) for line in lines) <= 2 * CELLS + 3
    assert lines[-1] == f"one step is {100 / (CELLS - 1):g} m"


def test_move_goes_there_once_and_draws_it() -> None:
    functions = ["actors.services.tools.examples.robot:move"]
    with capture_logs() as logs, stage(Tools, functions=functions) as it:
        go = {"direction": "forward", "distance_m": 10}
        it.send("calls", ToolCall(turn="local:0", call_id="1", name="move", args=go))
        there = it.expect("results", ToolResult)
        back = {"direction": "backward", "distance_m": 4}
        it.send("calls", ToolCall(turn="local:0", call_id="2", name="move", args=back))
        result = it.expect("results", ToolResult)
    assert (there.status, there.response["moved_m"]) == (ToolStatus.OK, 10)
    assert result.response["position"]["y"] == there.response["position"]["y"] - 4
    assert any("move forward 10 m\n+--" in entry["event"] for entry in logs)


@pytest.mark.parametrize("distance_m", [0, -1, 100.5, "far", None])
def test_an_impossible_distance_is_refused(distance_m: object) -> None:
    with stage(Tools, functions=["actors.services.tools.examples.robot:move"]) as it:
        args = {"direction": "left", "distance_m": distance_m}
        it.send("calls", ToolCall(turn="local:0", call_id="1", name="move", args=args))
        result = it.expect("results", ToolResult)
    assert result.status is ToolStatus.ERROR
    assert "distance_m" in result.response["error"]
