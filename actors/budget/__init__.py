"""What the conversation costs, and what it may cost."""

from actors.budget.actor import Budget
from actors.budget.options import BudgetOptions

__all__ = ["Budget", "BudgetOptions"]
