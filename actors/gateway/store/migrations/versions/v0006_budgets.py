"""What each pipeline has used on a day, for budgets that several share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "budget_days",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("backend", sa.Text(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("unpriced_tokens", sa.BigInteger(), nullable=False),
        sa.Column("spoken_tokens", sa.BigInteger(), nullable=False),
        sa.Column("money", sa.Numeric(18, 9), nullable=False),
        sa.PrimaryKeyConstraint("account", "day", "holder", "backend", name="pk_budget_days"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("budget_days")
