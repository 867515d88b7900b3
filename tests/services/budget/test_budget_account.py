"""What was used is counted once, on its day, and never lost by a clock that is set."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.services.budget.account import KEPT_DAYS, KEPT_REPORTS, Account, Sum, total
from actors.services.budget.days import day_of, until_next_day_s

DAY = date(2026, 11, 21)
SUMS = st.builds(
    Sum,
    tokens=st.integers(0, 10**7),
    unpriced_tokens=st.integers(0, 10**7),
    spoken_tokens=st.integers(0, 10**7),
    money=st.decimals(0, 1000, places=9),
)
BACKENDS = st.sampled_from(["live", "http", "device"])
DAYS = st.integers(0, KEPT_DAYS - 1).map(lambda n: DAY + timedelta(days=n))
REPORTS = st.integers(0, 30).map(str)


def test_what_others_use_counts_for_the_day_and_is_not_kept_with_our_own() -> None:
    account = Account(1)
    account.count("r1", "live", Sum(tokens=10, money=Decimal(1)), DAY)
    account.others = {DAY: {"live": Sum(tokens=5, money=Decimal(2)), "http": Sum(tokens=1)}}
    assert account.of_day(DAY) == {
        "live": Sum(tokens=15, money=Decimal(3)),
        "http": Sum(tokens=1),
    }
    assert total(account.of_day(DAY + timedelta(days=1))) == Sum(), "of that day alone"
    kept = Account.from_json(account.to_json())
    assert kept.of_day(DAY) == {"live": Sum(tokens=10, money=Decimal(1))}


@given(st.lists(st.tuples(REPORTS, BACKENDS, SUMS, DAYS), max_size=60))
def test_the_total_is_the_sum_of_what_was_reported_each_report_once(
    story: list[tuple[str, str, Sum, date]],
) -> None:
    account = Account(run=1)
    first: dict[str, Sum] = {}
    for report, backend, used, day in story:
        before = total(account.of_day(day))
        news = account.count(report, backend, used, day)
        assert news == (report not in first)
        first.setdefault(report, used)
        after = total(account.of_day(day))
        assert after == (before + used if news else before)
    everything = total(first)
    assert total(account.session) == everything
    assert sum((total(sums) for sums in account.days.values()), Sum()) == everything
    assert account.revision == len(first)


@given(st.lists(st.tuples(BACKENDS, SUMS, DAYS), max_size=30), st.integers(0, 3))
def test_what_is_saved_is_what_is_loaded_and_the_session_ends_with_its_run(
    story: list[tuple[str, Sum, date]], run: int
) -> None:
    account = Account(run=1)
    for index, (backend, used, day) in enumerate(story):
        account.count(str(index), backend, used, day)
    loaded = Account.from_json(json.loads(json.dumps(account.to_json())))
    assert loaded == account
    found = loaded.continued(run)
    assert found.days == account.days
    assert found.session == (account.session if run == 1 else {})
    assert not story or not found.count("0", "live", Sum(1), DAY), "it was counted before"


def test_a_report_without_a_name_is_counted_each_time() -> None:
    account = Account(run=1)
    assert account.count(None, "live", Sum(5), DAY)
    assert account.count(None, "live", Sum(5), DAY)
    assert total(account.session) == Sum(10)


def test_a_clock_set_back_finds_the_count_of_the_date_again() -> None:
    account = Account(run=1)
    account.count("1", "live", Sum(money=Decimal(2)), DAY)
    account.count("2", "live", Sum(money=Decimal(1)), DAY + timedelta(days=1))
    account.count("3", "live", Sum(money=Decimal(3)), DAY)
    assert total(account.of_day(DAY)).money == 5
    assert total(account.of_day(DAY + timedelta(days=1))).money == 1


def test_old_dates_and_reports_are_forgotten_but_never_the_date_of_today() -> None:
    account = Account(run=1)
    for number in range(2 * KEPT_REPORTS):
        account.count(str(number), "live", Sum(1), DAY + timedelta(days=number))
    assert len(account.days) == KEPT_DAYS
    assert len(account.reports) == KEPT_REPORTS
    long_ago = date(1970, 1, 1)
    account.count("late", "live", Sum(7), long_ago)
    assert account.of_day(long_ago) == {"live": Sum(7)}
    assert len(account.days) == KEPT_DAYS


@pytest.mark.parametrize(
    "damage",
    [
        None,
        [],
        {},
        {"run": 1},
        {"run": 1, "revision": 1, "session": [], "days": {}, "reports": []},
        {"run": 1, "revision": 1, "session": {}, "days": {"soon": {}}, "reports": []},
        {"run": 1, "revision": 1, "session": {"live": [1, 1, 1, "x"]}, "days": {}, "reports": []},
        {"run": 1, "revision": 1, "session": {"live": [1, 1, 1, "NaN"]}, "days": {}, "reports": []},
        {"run": 1, "revision": 1, "session": {"live": [-1, 0, 0, "0"]}, "days": {}, "reports": []},
        {"run": 1, "revision": 1, "session": {"live": [1, 0, 0, "-2"]}, "days": {}, "reports": []},
        {"run": 1, "revision": 1, "session": {"live": [1, 0]}, "days": {}, "reports": []},
    ],
)
def test_a_damaged_account_is_refused(damage: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        Account.from_json(damage)


def test_a_day_begins_at_midnight_where_the_user_says() -> None:
    now = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    berlin, utc = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
    assert day_of(now, utc) == DAY
    assert day_of(now, berlin) == DAY + timedelta(days=1)
    assert until_next_day_s(now, utc) == 1800
    assert until_next_day_s(now, berlin) == 23.5 * 3600


def test_a_day_on_which_the_clocks_change_has_its_own_length() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    midnight = datetime(2026, 10, 25, 0, 0, tzinfo=berlin)
    assert until_next_day_s(midnight.astimezone(UTC), berlin) == 25 * 3600


@given(st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_here_too_the_next_day_begins_within_25_hours(now: datetime) -> None:
    wait_s = until_next_day_s(now, None)
    assert 0 < wait_s <= 25 * 3600
    assert day_of(now + timedelta(seconds=wait_s), None) > day_of(now, None)
