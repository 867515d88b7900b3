"""A call of somebody who has not finished speaking is not carried out by halves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
from test_tools_calls import Staged, call, cancel, tools

from actors.services.tools.speech_ends import SpeechEnds
from pipeline.frames import EndReason, SpeechEnded, SpeechStarted, ToolResult, ToolStatus

S = 1_000_000_000


def began(position: int, at_ns: int, session: str = "local") -> SpeechStarted:
    return SpeechStarted(
        session=session, turn=f"{session}:{position}", position=position, at_ns=at_ns
    )


def over(position: int, at_ns: int, session: str = "local") -> SpeechEnded:
    return SpeechEnded(
        session=session,
        turn=f"{session}:{position}",
        start_position=position,
        position=position + 16_000,
        at_ns=at_ns,
        reason=EndReason.SILENCE,
    )


def test_a_call_waits_until_the_user_has_been_silent_for_so_long() -> None:
    ends = SpeechEnds(1.2)
    assert ends.wait_s("local:t5", 10 * S) == 0
    ends.on_speech(began(0, 1 * S))
    assert ends.wait_s("local:0", 9 * S) == 1.2  # Its end is known elsewhere already.
    ends.on_speech(over(0, 2 * S))
    assert ends.wait_s("local:0", round(2.6 * S)) == pytest.approx(0.6)
    assert ends.wait_s("local:0", 4 * S) == 0


@pytest.mark.parametrize(("next_s", "expected"), [(2.8, True), (3.3, False)])
def test_who_speaks_soon_after_has_gone_on(next_s: float, expected: bool) -> None:
    ends = SpeechEnds(1.2)
    ends.on_speech(began(0, 1 * S))
    ends.on_speech(over(0, 2 * S))
    assert not ends.went_on("local", "local:0")
    ends.on_speech(began(1, 2 * S, session="another"))
    assert not ends.went_on("local", "local:0")
    ends.on_speech(began(32_000, round(next_s * S)))
    assert ends.went_on("local", "local:0") is expected
    assert not ends.went_on("local", "local:32000")


def test_who_went_on_has_gone_on_whatever_is_said_later() -> None:
    ends = SpeechEnds(1.2)
    for position, begun_s, over_s in ((0, 1.0, 2.0), (32_000, 2.8, 4.0), (96_000, 9.0, 10.0)):
        ends.on_speech(began(position, round(begun_s * S)))
        ends.on_speech(over(position, round(over_s * S)))
    assert ends.went_on("local", "local:0")
    assert not ends.went_on("local", "local:32000")
    ends.forget("local")
    assert not ends.went_on("local", "local:0")


@contextmanager
def settling(folder: Path) -> Iterator[Staged]:
    """A tool is called in a turn that has just ended, and waits."""
    with tools(folder, settle_s=60.0) as staged:
        now_ns = time.monotonic_ns()
        staged.send("speech", began(0, now_ns - 2 * S), over(0, now_ns - S))
        staged.send("calls", call("add", a=1, b=1))
        staged.until(lambda: bool(staged.actor._settling), "a call that waits")  # type: ignore[attr-defined]
        yield cast("Staged", staged)


def test_a_call_is_called_off_when_the_user_goes_on(tmp_path: Path) -> None:
    with settling(tmp_path) as staged:
        staged.send("speech", began(16_000, time.monotonic_ns()))
        result = staged.expect("results", ToolResult)
        assert result.status is ToolStatus.CALLED_OFF
        assert "went on speaking" in result.response["error"]
        # What comes of the whole sentence is carried out once, and of the half no more.
        staged.send("calls", call("add", call_id="2", a=1, b=1))
        assert staged.expect("results", ToolResult).status is ToolStatus.CALLED_OFF
        staged.expect_nothing("results")
        assert staged.mine["ran"] == []


def test_a_call_that_its_backend_gives_up_meanwhile_is_called_off(tmp_path: Path) -> None:
    with settling(tmp_path) as staged:
        staged.send("calls", cancel())
        assert staged.expect("results", ToolResult).status is ToolStatus.CALLED_OFF
        assert staged.mine["ran"] == []


def test_a_caller_who_goes_on_does_not_call_off_what_another_wants(tmp_path: Path) -> None:
    with settling(tmp_path) as staged:
        staged.open("another")
        staged.send("speech", began(0, time.monotonic_ns(), session="another"))
        staged.expect_nothing("results")


def test_a_call_is_carried_out_once_when_the_user_was_silent(tmp_path: Path) -> None:
    with tools(tmp_path, settle_s=0.2) as staged:
        now_ns = time.monotonic_ns()
        staged.send("speech", began(0, now_ns - S), over(0, now_ns))
        staged.send("calls", call("add", a=1, b=1))
        assert staged.expect("results", ToolResult).status is ToolStatus.OK
        assert time.monotonic_ns() - now_ns >= S // 5
        assert staged.mine["ran"] == [(1, 1)]
        # Who speaks afterwards interrupts, and takes nothing back.
        staged.send("speech", began(16_000, now_ns + S))
        staged.expect_nothing("results")
