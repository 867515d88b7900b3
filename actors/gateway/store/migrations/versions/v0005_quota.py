"""What pipelines share of Google's quotas: projects, places for Live sessions, cool-downs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "quota_projects",
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("live_sessions", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("holder", "name", name="pk_quota_projects"),
    )
    op.create_table(
        "quota_places",
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("session", name="pk_quota_places"),
    )
    op.create_table(
        "cool_downs",
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("key", sa.String(12), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("fault", sa.String(16), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("project", "key", "model", "fault", name="pk_cool_downs"),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("cool_downs", "quota_places", "quota_projects"):
        op.drop_table(table)
