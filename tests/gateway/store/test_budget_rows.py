"""What pipelines that share a budget have used on a day, in both databases."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from database_work import done
from hypothesis import given
from hypothesis import strategies as st

from actors.gateway.store.budget_rows import used_by_others, write_day
from actors.gateway.store.database import Database
from actors.services.budget.account import KEPT_DAYS, Account, Sum, Sums, total

TODAY = date(2026, 11, 29)
A, B, C = "pipeline-a", "pipeline-b", "pipeline-c"
SOME = Sum(1000, 10, 500, Decimal("0.123456789"))


def write(database: Database, holder: str, used: Sums, day: date = TODAY) -> None:
    done(database, lambda c: write_day(c, "main", holder, day, used))


def others(database: Database, holder: str, day: date = TODAY, account: str = "main") -> Sums:
    return done(database, lambda c: used_by_others(c, account, holder, day))


def test_each_learns_what_all_others_have_used(database: Database) -> None:
    write(database, A, {"live": SOME, "http": Sum(7)})
    write(database, B, {"live": SOME})
    write(database, C, {})
    assert others(database, C) == {"live": SOME + SOME, "http": Sum(7)}
    assert others(database, A) == {"live": SOME}
    assert others(database, A, TODAY + timedelta(days=1)) == {}
    assert others(database, C, account="somebody else's") == {}


def test_to_write_twice_counts_once(database: Database) -> None:
    for _ in range(2):
        write(database, A, {"live": SOME})
    write(database, A, {"live": SOME + Sum(1)})
    assert others(database, B) == {"live": SOME + Sum(1)}


def test_old_days_are_forgotten(database: Database) -> None:
    write(database, A, {"live": SOME})
    write(database, B, {"live": SOME}, TODAY + timedelta(days=KEPT_DAYS + 1))
    assert others(database, C) == {}


SUMS = st.builds(
    Sum,
    st.integers(0, 10**12),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.decimals(0, 1000, places=6),
)


@given(st.dictionaries(st.sampled_from(["live", "http"]), SUMS), st.lists(SUMS, max_size=4))
def test_the_day_of_all_is_what_each_has_used(own: Sums, reports: list[Sum]) -> None:
    account = Account(1)
    for used in reports:
        account.count(None, "live", used, TODAY)
    account.others = {TODAY: own}
    assert total(account.of_day(TODAY)) == sum(reports, total(own))
