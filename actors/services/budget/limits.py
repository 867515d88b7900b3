"""Budget limits: how much of each is used, and which backends to leave. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from actors.services.budget.account import Account, Sum, Sums, total
from actors.services.budget.options import BudgetOptions, Limit
from actors.services.budget.prices import PriceTable


@dataclass(frozen=True)
class Use:
    """One limit in one unit, and how much of it is used."""

    limit: Limit
    unit: str
    used: Decimal
    most: Decimal
    backends: tuple[str, ...]

    @property
    def share(self) -> float:
        """1 is all of it."""
        return float(self.used / self.most)

    @property
    def is_up(self) -> bool:
        """Nothing is left of it."""
        return self.used >= self.most

    @property
    def words(self) -> str:
        """As in `2.00 of 2.00 USD`."""
        if self.unit == "tokens":
            return f"{self.used:,} of {self.most:,} tokens"
        # Small sums would all read 0.00.
        digits = 2 if self.most >= 1 else 6
        return f"{self.used:.{digits}f} of {self.most:.{digits}f} {self.unit}"


def uses(
    options: BudgetOptions, account: Account, table: PriceTable, today: date
) -> tuple[Use, ...]:
    """Return how much of each limit is used, in the order of the options."""
    return tuple(
        use
        for limit in options.limits
        for use in _uses(limit, options, _counted(limit, account, today), table)
    )


def used_up(options: BudgetOptions, account: Account, table: PriceTable, caller: str) -> str | None:
    """Return which limit of a caller is used up, in words; None if there is something left."""
    sums = account.callers.get(caller, {})
    for limit in options.limits:
        if limit.per == "caller":
            for use in _uses(limit, options, sums, table):
                if use.is_up:
                    return f"budget of the caller used up: {use.words}"
    return None


def refusals(all_uses: Sequence[Use]) -> dict[str, str]:
    """Return why a backend may not be asked any more, in words, for each that may not."""
    refused: dict[str, str] = {}
    for use in all_uses:
        if use.is_up and use.limit.per != "caller":
            for backend in use.backends:
                refused.setdefault(backend, f"budget of the {use.limit.per} used up: {use.words}")
    return refused


def cheapest_first(refused: dict[str, str], backends: Sequence[str]) -> list[str]:
    """Return those refused, the last of `backends` first."""
    known = [name for name in reversed(backends) if name in refused]
    return known + [name for name in refused if name not in known]


def _counted(limit: Limit, account: Account, today: date) -> Sums:
    """What counts for a limit: of callers, that of the one who has cost most."""
    if limit.per == "day":
        return account.of_day(today)
    if limit.per == "session":
        return account.session
    return max(account.callers.values(), key=lambda sums: total(sums).order, default={})


def _uses(limit: Limit, options: BudgetOptions, sums: Sums, table: PriceTable) -> list[Use]:
    if limit.backends is not None:
        backends = tuple(limit.backends)
    else:
        seen = [name for name, used in sums.items() if not used.is_free]
        backends = tuple(dict.fromkeys([*options.backends, *seen]))
    used = total({name: sums.get(name, Sum()) for name in backends})
    found = []
    if limit.money is not None:
        most = Decimal(str(limit.money))
        found.append(Use(limit, table.currency, used.money, most, backends))
    if limit.tokens is not None:
        found.append(Use(limit, "tokens", Decimal(used.tokens), Decimal(limit.tokens), backends))
    if limit.minutes is not None:
        most = Decimal(str(limit.minutes))
        found.append(Use(limit, "minutes", table.minutes(used.spoken_tokens), most, backends))
    return found
