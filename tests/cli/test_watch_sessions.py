"""What `top`, `dashboard` and the live view make of several conversations at once."""

from __future__ import annotations

from typing import Any

import pytest
from watched import MS, closed, described, heard, routed, said, status

from actors.cli.dashboard.server import panels_of
from actors.cli.top import panels
from actors.cli.watch.board import Board
from actors.cli.watch.rows import has_several, headline, route_rows, session_rows, turn_rows
from pipeline.cli.view import LinesView
from pipeline.frames import Frame, SessionEnd, SessionEnded, SessionOpened, Side, Spending
from pipeline.frames.budget import Spent

CALLS = ("call-1", "call-2")


def of(frame: Frame, session: str) -> Any:
    """The same frame in another session."""
    fields: dict[str, Any] = {"session": session}
    if hasattr(frame, "turn"):
        fields["turn"] = f"{session}:0"
    return frame.model_copy(update=fields)


def opened(session: str, **labels: str) -> SessionOpened:
    return SessionOpened(session=session, labels=labels)


def two_calls(session: str | None = None) -> Board:
    """Two callers who say something at the same time, each with a turn that is closed."""
    board = Board(described(), 0, session)
    board.on_frame("supervisor", "status", status(), 0)
    for name in CALLS:
        board.on_frame("supervisor", "sessions", opened(name, number=f"+49 {name[-1]}"), 0)
        board.on_frame("supervisor", "route", of(routed("live", 0, f"first of {name}"), name), 0)
    for name in CALLS:
        board.on_frame("live", "transcript", of(said(Side.MODEL, f"Hello {name}."), name), 0)
    for name in CALLS:
        board.on_frame("live", "transcript", of(said(Side.USER, "Hi."), name), 0)
        board.on_frame("supervisor", "turns", of(closed(), name), 0)
    board.read(1000 * MS)
    return board


def test_words_of_two_callers_are_not_mixed_and_say_whose_they_are() -> None:
    assert list(two_calls().lines) == [
        ("call-1 you", "Hi."),
        ("call-1 gemini", "Hello call-1."),
        ("call-2 you", "Hi."),
        ("call-2 gemini", "Hello call-2."),
    ]


def test_turns_and_routes_name_their_session() -> None:
    board = two_calls()
    assert [row.session for row in turn_rows(board)] == ["call-2", "call-1"]
    assert [row.session for row in route_rows(board)] == ["call-2", "call-1"]
    for table in (panels.turns_table(board), panels.routes_table(board)):
        assert "session" in [column.header for column in table.columns]


def test_open_sessions_have_their_labels_and_ended_ones_are_counted() -> None:
    board = two_calls()
    rows = session_rows(board)
    assert [(row.session, row.labels, row.turns, row.outcome) for row in rows] == [
        ("call-2", "number=+49 2", 1, "answered"),
        ("call-1", "number=+49 1", 1, "answered"),
    ]
    ending = SessionEnded(session="call-1", reason=SessionEnd.HUNG_UP)
    board.on_frame("supervisor", "sessions", ending, 0)
    assert [row.session for row in session_rows(board)] == ["call-2"]
    assert "sessions: 1 open, ended: 1 hung_up" in headline(board)
    counts = {"opened": 5, "refused": 3, "unopened": 7}
    board.on_frame(
        "supervisor", "status", status().model_copy(update={"session_counts": counts}), 0
    )
    assert "ended: 1 hung_up; 3 refused, 7 frames of none" in headline(board)


def test_what_a_caller_has_cost_is_in_its_row() -> None:
    board = two_calls()
    spent = Spent(money=0.015)
    names = {"day": "2026-11-21", "currency": "USD", "prices_date": "2026-11-01"}
    none = {"session_total": Spent(), "day_total": Spent(), "session_backends": {}}
    spending = Spending(**names, **none, day_backends={}, callers={"call-2": spent})
    counted = status().model_copy(update={"spending": spending})
    board.on_frame("supervisor", "status", counted, 0)
    assert [(row.session, row.cost) for row in session_rows(board)] == [
        ("call-2", "0.0150 USD"),
        ("call-1", ""),
    ]
    assert "cost" in [column.header for column in panels.sessions_table(board).columns]


def test_one_session_can_be_looked_at_alone() -> None:
    board = two_calls("call-2")
    assert {who for who, _ in board.lines} == {"call-2 you", "call-2 gemini"}
    assert [row.session for row in turn_rows(board)] == ["call-2"]
    assert [row.session for row in route_rows(board)] == ["call-2"]
    assert "only session call-2" in headline(board)
    assert len(board.sessions) == 2


def test_levels_of_others_are_not_heard_when_one_is_looked_at() -> None:
    board = Board(described(), 0, "call-2")
    for name, peak in (("call-1", 32_000), ("call-2", 3277)):
        board.on_frame("microphone", "audio", of(heard(0, 20, peak=peak), name), 0)
    assert board.levels["microphone.audio"] == pytest.approx(-20, abs=0.1)


def test_the_age_of_a_turns_sound_is_that_of_its_own_caller() -> None:
    board = Board(described(), 0)
    for name, age_ms in (("call-1", 400), ("call-2", 30)):
        board.on_frame("microphone", "audio", of(heard(0, 1490, age_ms=age_ms), name), 0)
    ages = {session: age for (session, actor), age in board._capture_ms.items() if actor == "vad"}
    assert ages == {"call-1": 400, "call-2": 30}
    ending = SessionEnded(session="call-1", reason=SessionEnd.HUNG_UP)
    board.on_frame("supervisor", "sessions", ending, 0)
    assert {session for session, _ in board._capture_ms} == {"call-2"}


def test_a_robot_alone_sees_nothing_of_sessions() -> None:
    board = Board(described(), 0)
    board.on_frame("supervisor", "sessions", opened("local"), 0)
    board.on_frame("live", "transcript", said(Side.USER, "Hi."), 0)
    assert not has_several(board)
    assert list(board.lines) == [("you", "Hi.")]
    assert panels_of(board)["sessions"] == []
    assert "session" not in [column.header for column in panels.turns_table(board).columns]


def test_lines_of_a_run_name_the_callers_and_not_the_pipelines_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with LinesView("local") as view:
        view.on_frame("supervisor", opened("local"))
        view.on_frame("live", said(Side.USER, "Hi."))
        view.on_frame("gateway", opened("call-1", number="+49 1"))
        view.on_frame("supervisor", opened("call-1", number="+49 1"))
        view.on_frame("live", of(said(Side.USER, "Good day."), "call-1"))
        view.on_frame(
            "live",
            of(
                said(
                    Side.MODEL,
                    "Good",
                ),
                "call-2",
            ),
        )
        ending = SessionEnded(session="call-2", reason=SessionEnd.TIME_OVER, detail="60 s")
        view.on_frame("gateway", ending)
        view.on_frame("supervisor", ending)
    assert capsys.readouterr().out.splitlines() == [
        "you: Hi.",
        "call-1 session: opened (number=+49 1)",
        "call-1 you: Good day.",
        "call-2 gemini: Good",
        "call-2 session: ended, time_over: 60 s",
    ]
