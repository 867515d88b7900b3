"""What each pipeline has used on a day: each writes its own, and adds up that of all others."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.gateway.store.tables import budget_days
from actors.gateway.store.upsert import upsert
from actors.services.budget.account import KEPT_DAYS, Sum, Sums

PLACES = Decimal("1e-9")
"""Of money, as the table has it: SQLite adds up in floating point."""


async def write_day(
    connection: AsyncConnection, account: str, holder: str, day: date, used: Sums
) -> None:
    """Write what a pipeline has used on a day, in all: to write it twice changes nothing."""
    old = (day - timedelta(days=KEPT_DAYS)).isoformat()
    await connection.execute(
        delete(budget_days).where(budget_days.c.account == account, budget_days.c.day < old)
    )
    if not used:
        return
    rows = [
        {
            "account": account,
            "holder": holder,
            "day": day.isoformat(),
            "backend": backend,
            "tokens": each.tokens,
            "unpriced_tokens": each.unpriced_tokens,
            "spoken_tokens": each.spoken_tokens,
            "money": float(each.money),
        }
        for backend, each in used.items()
    ]
    await connection.execute(upsert(connection, budget_days, rows[0]), rows)


async def used_by_others(connection: AsyncConnection, account: str, holder: str, day: date) -> Sums:
    """Return what all other pipelines have used on a day, by backend."""
    columns = budget_days.c
    found = await connection.execute(
        select(
            columns.backend,
            func.sum(columns.tokens),
            func.sum(columns.unpriced_tokens),
            func.sum(columns.spoken_tokens),
            func.sum(columns.money),
        )
        .where(
            columns.account == account,
            columns.day == day.isoformat(),
            columns.holder != holder,
        )
        .group_by(columns.backend)
    )
    return {
        backend: Sum(int(tokens), int(unpriced), int(spoken), Decimal(money).quantize(PLACES))
        for backend, tokens, unpriced, spoken, money in found
    }
