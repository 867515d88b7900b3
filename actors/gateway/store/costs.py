"""What answers have cost, by a price table."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal

from actors.services.budget.prices import PriceTable
from pipeline.frames import Usage


@dataclass(frozen=True)
class TurnCost:
    """What the answers of a turn have cost so far.

    Attributes:
        tokens: Billed.
        money: In the currency of the price table; None: a price is not known.
    """

    tokens: int = 0
    money: Decimal | None = Decimal(0)

    def __add__(self, other: TurnCost) -> TurnCost:
        known = self.money is not None and other.money is not None
        money = (self.money or Decimal(0)) + (other.money or Decimal(0))
        return TurnCost(self.tokens + other.tokens, money if known else None)


def cost_of(usage: Usage, table: PriceTable, day: datetime.date) -> TurnCost:
    """Return what an answer has cost on a day."""
    spent, unknown = table.price(usage, day)
    return TurnCost(spent.tokens, None if unknown else spent.money)
