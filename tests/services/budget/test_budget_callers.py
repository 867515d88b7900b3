"""What each caller uses, and the end of one who has used up what a caller may."""

from __future__ import annotations

from pathlib import Path

import pytest
from budget_reports import usage
from test_budget_actor import ONE_REPORT, budget, newest

from pipeline.frames import Allowance, SessionEnd, SessionEnded, Usage
from pipeline.sessions.work import SESSIONS_PORT

TWO_REPORTS = {"per": "caller", "money": 2 * ONE_REPORT}


def by(session: str, seq: int) -> Usage:
    return usage(seq).model_copy(update={"session": session})


def test_what_each_caller_costs_is_told_the_dearest_first_and_forgotten_with_them(
    tmp_path: Path,
) -> None:
    with budget(tmp_path) as actor:
        for name in ("anna", "bert"):
            actor.open(name)
        actor.send("usage", by("anna", 0), by("bert", 1), by("bert", 2), usage(3), by("nobody", 4))
        spending = newest(actor)
        assert list(spending.callers) == ["bert", "anna"]
        assert spending.callers["bert"].money == pytest.approx(2 * ONE_REPORT)
        assert spending.session_total.money == pytest.approx(5 * ONE_REPORT)
        actor.end("bert")
        assert list(newest(actor).callers) == ["anna"]
        actor.open("bert")
        actor.send("usage", by("bert", 5))
        assert newest(actor).callers["bert"].money == pytest.approx(ONE_REPORT)


def test_a_caller_who_has_used_it_up_is_let_go_once_and_nobody_is_refused(tmp_path: Path) -> None:
    with budget(tmp_path, limits=[TWO_REPORTS]) as actor:
        for name in ("anna", "bert"):
            actor.open(name)
        actor.send("usage", by("anna", 0), by("bert", 1), usage(2), usage(3), usage(4))
        actor.expect_nothing(SESSIONS_PORT)
        actor.send("usage", by("anna", 5), by("anna", 6))
        ended = actor.expect(SESSIONS_PORT, SessionEnded)
        assert (ended.session, ended.reason) == ("anna", SessionEnd.BUDGET)
        assert ended.detail == "budget of the caller used up: 0.030000 of 0.030000 USD"
        actor.expect_nothing(SESSIONS_PORT)
        (use,) = newest(actor).limits
        assert (use.per, use.used) == ("caller", pytest.approx(3 * ONE_REPORT))
        assert actor.expect("allowance", Allowance).refused == {}
        actor.expect_nothing("allowance")


def test_a_killed_budget_knows_what_its_callers_have_used(tmp_path: Path) -> None:
    with budget(tmp_path, limits=[TWO_REPORTS]) as actor:
        actor.open("anna")
        actor.send("usage", by("anna", 0))
        actor.settle()
        checkpoint = dict(actor.actor.checkpoint)
    with budget(tmp_path, checkpoint=checkpoint, limits=[TWO_REPORTS]) as actor:
        actor.open("anna")
        actor.send("usage", by("anna", 1))
        assert actor.expect(SESSIONS_PORT, SessionEnded).session == "anna"
    with budget(tmp_path, started_ns=2, limits=[TWO_REPORTS]) as actor:
        actor.open("anna")
        assert newest(actor).callers == {}, "another run"
