"""What was spent, as others are told it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from actors.services.budget.account import Account, Sum, Sums, total
from actors.services.budget.limits import Use
from actors.services.budget.prices import PriceTable
from pipeline.frames import LimitUse, Spending, Spent

SHOWN_CALLERS = 50
"""The dearest of those who are there: more than a screen holds, 4 KB in each report and status."""


def spending_report(
    account: Account, table: PriceTable, today: date, used: Sequence[Use], session: str
) -> Spending:
    """Return a report of the run and of the day, in all, by backend, by caller and by limit.

    Args:
        account: What was counted.
        table: Prices.
        today: The day.
        used: Of each limit.
        session: Whose frame it is.
    """
    day = account.of_day(today)
    return Spending(
        session=session,
        day=today.isoformat(),
        currency=table.currency,
        prices_date=table.date.isoformat(),
        session_total=_spent(total(account.session), table),
        day_total=_spent(total(day), table),
        callers=_dearest(account, table),
        session_backends=_by_backend(account.session, table),
        day_backends=_by_backend(day, table),
        limits=[
            LimitUse(
                per=each.limit.per,
                unit=each.unit,
                used=float(each.used),
                limit=float(each.most),
                backends=list(each.backends),
            )
            for each in used
        ],
    )


def _dearest(account: Account, table: PriceTable) -> dict[str, Spent]:
    """The callers who have cost most, the dearest first."""
    sums = {name: total(used) for name, used in account.callers.items()}
    dearest = sorted(sums, key=lambda name: sums[name].order, reverse=True)
    return {name: _spent(sums[name], table) for name in dearest[:SHOWN_CALLERS]}


def _by_backend(sums: Sums, table: PriceTable) -> dict[str, Spent]:
    return {name: _spent(used, table) for name, used in sums.items()}


def _spent(used: Sum, table: PriceTable) -> Spent:
    return Spent(
        money=float(used.money),
        tokens=used.tokens,
        unpriced_tokens=used.unpriced_tokens,
        minutes=float(table.minutes(used.spoken_tokens)),
    )
