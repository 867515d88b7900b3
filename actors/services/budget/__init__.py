"""What the conversation costs, and what it may cost."""

from actors.services.budget.actor import Budget
from actors.services.budget.options import BudgetOptions

__all__ = ["Budget", "BudgetOptions"]
