"""Sessions, their turns and calls, and what brings a session back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("room", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("claimed_at", MOMENT, nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("records", sa.String(16), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.Column("away_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("reason", sa.String(32), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
    )
    op.create_index("ix_sessions_name", "sessions", ["name"])
    op.create_index("ix_sessions_ended_at", "sessions", ["ended_at"])
    op.create_table(
        "turns",
        sa.Column("session_id", sa.String(32), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Text(), nullable=False),
        sa.Column("closed_at", MOMENT, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("backend", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("first_sound_ms", sa.Float(), nullable=True),
        sa.Column("tokens", sa.Integer(), nullable=True),
        sa.Column("cost", sa.Numeric(12, 6), nullable=True),
        _of_session("turns"),
        sa.PrimaryKeyConstraint("session_id", "epoch", "turn", name="pk_turns"),
    )
    op.create_table(
        "calls",
        sa.Column("session_id", sa.String(32), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("turn", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("called_at", MOMENT, nullable=False),
        sa.Column("status", sa.String(16), nullable=True),
        sa.Column("response", sa.JSON(), nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        _of_session("calls"),
        sa.PrimaryKeyConstraint("session_id", "epoch", "call_id", name="pk_calls"),
    )
    op.create_table(
        "resumption",
        sa.Column("session_id", sa.String(32), nullable=False),
        sa.Column("manner", sa.JSON(), nullable=False),
        _of_session("resumption"),
        sa.PrimaryKeyConstraint("session_id", name="pk_resumption"),
    )


def downgrade() -> None:
    """Drop the tables."""
    for name in ("resumption", "calls", "turns", "sessions"):
        op.drop_table(name)


def _of_session(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_session_id"
    return sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name=name, ondelete="CASCADE")
