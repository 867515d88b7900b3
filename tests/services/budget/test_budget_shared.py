"""Two pipelines with one budget: what one uses, the other has no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from budget_reports import usage
from test_budget_actor import ONE_REPORT, budget

from pipeline.errors import ConfigError
from pipeline.frames import Allowance, Spending

LIMIT = {"per": "day", "money": 1.5 * ONE_REPORT}


def shared(folder: Path, name: str, **options: Any) -> Any:
    state = folder / name
    state.mkdir(exist_ok=True)
    database = f"sqlite:///{folder / 'shared.sqlite3'}"
    return budget(state, database=database, limits=[LIMIT], **options)


def test_a_day_that_two_pipelines_have_used_up_together_is_over_for_both(tmp_path: Path) -> None:
    with shared(tmp_path, "a") as a:
        a.send("usage", usage(seq=1))
        a.until(lambda: a.actor.counters["shares"] > 0, "it is told")
        assert not a.expect("allowance", Allowance).refused
    with shared(tmp_path, "b") as b:
        told = b.expect("spending", Spending, lambda f: f.day_total.money > 0)
        assert told.day_total.money == pytest.approx(ONE_REPORT)
        assert told.session_total.money == 0, "of this run nothing"
        b.send("usage", usage(seq=1))
        refused = b.expect("allowance", Allowance, lambda f: bool(f.refused))
        assert "live" in refused.refused
    with shared(tmp_path, "c", account="another's") as c:
        c.until(lambda: c.actor.counters["shares"] > 0, "it has looked")
        assert c.expect("spending", Spending).day_total.money == 0


def test_without_the_database_each_counts_its_own(tmp_path: Path) -> None:
    (tmp_path / "shared.sqlite3").mkdir()
    with shared(tmp_path, "a") as a:
        a.until(lambda: a.actor.counters["unshared"] > 0, "it was not reached")
        for seq in (1, 2):
            a.send("usage", usage(seq=seq))
        assert a.expect("allowance", Allowance, lambda f: bool(f.refused))


def test_a_database_that_is_none_is_said_before_anything_starts(tmp_path: Path) -> None:
    from actors.services.budget import Budget, BudgetOptions

    options = BudgetOptions.model_validate({"database": "mysql://nowhere/x"})
    with pytest.raises(ConfigError, match="mysql"):
        Budget.check(options, tmp_path)
