"""What a conversation costs, in one line."""

from __future__ import annotations

from pipeline.frames import LimitUse, Spending, Spent


def cost_line(spending: Spending) -> str:
    """Return the cost of session and day, of which prices, and how much of each limit is used."""
    currency = spending.currency
    parts = [
        f"{cost(spending.session_total, currency)} this session",
        f"{cost(spending.day_total, currency)} on {spending.day}",
        *(_limit(each) for each in spending.limits),
        f"prices of {spending.prices_date}",
    ]
    return f"cost: {', '.join(parts)}"


def cost(spent: Spent, currency: str) -> str:
    """Return what something has cost."""
    # A turn costs less than a cent.
    text = f"{spent.money:.4f} {currency}"
    if spent.unpriced_tokens:
        text += f" and {spent.unpriced_tokens} tokens of unknown price"
    return text


def _limit(use: LimitUse) -> str:
    return f"{use.used / use.limit:.0%} of {use.limit:g} {use.unit} a {use.per}"
