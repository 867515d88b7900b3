"""How much of a limit is used, and who is to be left for it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from actors.services.budget.account import Account, Sum
from actors.services.budget.limits import cheapest_first, refusals, uses
from actors.services.budget.options import BudgetOptions
from actors.services.budget.prices import load_prices

DAY = date(2026, 11, 21)
TABLE = load_prices(None, Path())


def account(**used: Sum) -> Account:
    made = Account(run=1)
    for backend, each in used.items():
        made.count(None, backend, each, DAY)
    return made


def refused(limits: list[dict[str, Any]], used: Account, today: date = DAY) -> dict[str, str]:
    options = BudgetOptions.model_validate({"limits": limits})
    return refusals(uses(options, used, TABLE, today))


MONEY = Sum(tokens=1000, money=Decimal("2.004"))


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ({"per": "day", "money": 2.0}, "budget of the day used up: 2.00 of 2.00 USD"),
        ({"per": "session", "money": 2.0}, "budget of the session used up: 2.00 of 2.00 USD"),
        ({"per": "day", "money": 0.002}, "budget of the day used up: 2.004000 of 0.002000 USD"),
        ({"per": "day", "tokens": 1000}, "budget of the day used up: 1,000 of 1,000 tokens"),
    ],
)
def test_the_reason_is_in_words(limit: dict[str, Any], expected: str) -> None:
    assert refused([limit], account(live=MONEY)) == {"live": expected, "http": expected}


def test_minutes_are_minutes_of_answer() -> None:
    limits = [{"per": "session", "minutes": 1.5, "backends": ["live"]}]
    assert refused(limits, account(live=Sum(9000, 0, 2249))) == {}
    assert refused(limits, account(live=Sum(9000, 0, 2250))) == {
        "live": "budget of the session used up: 1.50 of 1.50 minutes"
    }


def test_a_limit_counts_its_backends_together_and_no_others() -> None:
    used = account(live=MONEY, http=MONEY)
    assert refused([{"per": "day", "money": 4.1}], used) == {}
    assert set(refused([{"per": "day", "money": 4.0}], used)) == {"live", "http"}
    assert set(refused([{"per": "day", "money": 2.0, "backends": ["http"]}], used)) == {"http"}


def test_what_costs_nothing_is_not_limited_and_what_costs_is_though_it_was_not_named() -> None:
    used = account(live=MONEY, device=Sum(tokens=5000), other=MONEY)
    assert set(refused([{"per": "day", "money": 1.0}], used)) == {"live", "http", "other"}


def test_a_new_day_has_a_budget_of_its_own_and_a_session_has_not() -> None:
    tomorrow = DAY + timedelta(days=1)
    used = account(live=MONEY)
    assert refused([{"per": "day", "money": 1.0}], used, tomorrow) == {}
    assert refused([{"per": "session", "money": 1.0}], used, tomorrow)


def test_the_last_of_the_backends_is_the_cheapest() -> None:
    both = {"live": "-", "http": "-"}
    assert cheapest_first(both, ["live", "http"]) == ["http", "live"]
    assert cheapest_first({**both, "other": "-"}, ["http", "live"]) == ["live", "http", "other"]
    assert cheapest_first({"live": "-"}, ["live", "http"]) == ["live"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"limits": [{"per": "day"}]}, "money, tokens and minutes"),
        ({"limits": [{"per": "day", "money": 0}]}, "greater than 0"),
        ({"limits": [{"per": "week", "money": 1}]}, "'day', 'session' or 'caller'"),
        ({"limits": [{"per": "day", "money": 1, "backends": []}]}, "at least 1 item"),
        ({"time_zone": "Europe/Berlim"}, "did you mean 'Europe/Berlin'"),
        ({"time_zone": "../etc/passwd"}, "no time zone"),
        ({"warn_at": 1.5}, "less than or equal to 1"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        BudgetOptions.model_validate(options)
