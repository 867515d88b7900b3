"""Usage account by session, day and backend; each report is counted once. Pure.

Minutes are minutes of answer: tokens of speech put out, at the published number a second. Speech
put in says nothing of how long anybody spoke, since a Live session is billed for its whole context
anew with every turn; and the connection is open all day without being used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

KEPT_DAYS = 40
"""Dates whose count is remembered: a month, and a clock that was set."""
KEPT_REPORTS = 256
"""Reports that are recognised when they come again; a producer repeats those of 30 s."""


@dataclass(frozen=True)
class Sum:
    """Something used: tokens, those of them without a price, those of speech put out; money."""

    tokens: int = 0
    unpriced_tokens: int = 0
    spoken_tokens: int = 0
    money: Decimal = Decimal(0)

    def __add__(self, other: Sum) -> Sum:
        return Sum(
            self.tokens + other.tokens,
            self.unpriced_tokens + other.unpriced_tokens,
            self.spoken_tokens + other.spoken_tokens,
            self.money + other.money,
        )

    @property
    def order(self) -> tuple[Decimal, int]:
        """By this the dearest is found: money, and where that is not known, tokens."""
        return self.money, self.tokens

    @property
    def is_free(self) -> bool:
        """It has cost nothing, as far as anybody knows."""
        return not self.money and not self.unpriced_tokens


Sums = dict[str, Sum]
"""By backend."""


@dataclass
class Account:
    """The counts.

    Attributes:
        run: The pipeline run (its start, monotonic ns) that `session` belongs to.
        revision: Grows with every report counted.
        session: This run, by backend.
        callers: The same run, by caller's session and backend, of those that are open.
        days: By date and backend. A clock that is set back finds the count of its date again.
        reports: Names of the newest reports counted, oldest first.
        others: What other pipelines have used on a day, if they share the budget.
    """

    run: int
    revision: int = 0
    session: Sums = field(default_factory=dict)
    callers: dict[str, Sums] = field(default_factory=dict)
    days: dict[date, Sums] = field(default_factory=dict)
    reports: list[str] = field(default_factory=list)
    others: dict[date, Sums] = field(default_factory=dict)

    def count(
        self, report: str | None, backend: str, used: Sum, today: date, caller: str | None = None
    ) -> bool:
        """Add what was used; return whether it was news.

        Args:
            report: Name of the report; None cannot be recognised when it comes again.
            backend: Who used it.
            used: What.
            today: Date on which it is counted.
            caller: Whose session it was; None: nobody's but the pipeline's own.
        """
        if report is not None:
            if report in self.reports:
                return False
            self.reports = [*self.reports, report][-KEPT_REPORTS:]
        self.revision += 1
        day = self.days.setdefault(today, {})
        counts = [self.session, day]
        if caller is not None:
            counts.append(self.callers.setdefault(caller, {}))
        for sums in counts:
            sums[backend] = sums.get(backend, Sum()) + used
        others = sorted(each for each in self.days if each != today)
        for old in others[: max(0, len(self.days) - KEPT_DAYS)]:
            del self.days[old]
        return True

    def of_day(self, today: date) -> Sums:
        """That day's count, with what others have used."""
        own, others = self.days.get(today, {}), self.others.get(today)
        if not others:
            return own
        names = [*own, *(name for name in others if name not in own)]
        return {name: own.get(name, Sum()) + others.get(name, Sum()) for name in names}

    def continued(self, run: int) -> Account:
        """The account as a run finds it: the days stay, the session is over with its run."""
        if run == self.run:
            return self
        return Account(run, self.revision, days=self.days, reports=self.reports)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` takes."""
        return {
            "run": self.run,
            "revision": self.revision,
            "session": _sums_to_json(self.session),
            "callers": {name: _sums_to_json(sums) for name, sums in self.callers.items()},
            "days": {day.isoformat(): _sums_to_json(sums) for day, sums in self.days.items()},
            "reports": list(self.reports),
        }

    @classmethod
    def from_json(cls, data: Any) -> Account:
        """Return the account that was saved.

        Raises:
            ValueError: it is damaged.
        """
        try:
            return cls(
                run=int(data["run"]),
                revision=int(data["revision"]),
                session=_sums_from_json(data["session"]),
                callers={
                    str(name): _sums_from_json(sums)
                    for name, sums in data.get("callers", {}).items()
                },
                days={date.fromisoformat(d): _sums_from_json(s) for d, s in data["days"].items()},
                reports=[str(each) for each in data["reports"]],
            )
        except (LookupError, TypeError, AttributeError, InvalidOperation) as error:
            raise ValueError(f"not an account: {error!r}") from error


def total(sums: Sums) -> Sum:
    """All backends together."""
    return sum(sums.values(), Sum())


def _sums_to_json(sums: Sums) -> dict[str, Any]:
    return {
        name: [each.tokens, each.unpriced_tokens, each.spoken_tokens, str(each.money)]
        for name, each in sums.items()
    }


def _sums_from_json(data: dict[str, Any]) -> Sums:
    sums = {}
    for name, (tokens, unpriced, spoken, money) in data.items():
        used = Sum(int(tokens), int(unpriced), int(spoken), Decimal(money))
        counts = (used.tokens, used.unpriced_tokens, used.spoken_tokens)
        if min(counts) < 0 or not used.money.is_finite() or used.money < 0:
            raise ValueError(f"{name} cannot have used {used}")
        sums[name] = used
    return sums
