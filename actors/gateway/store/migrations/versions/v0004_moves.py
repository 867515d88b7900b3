"""Conversations move between rooms: a turn has one outcome, and its client counts its sound."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

APART = """
UPDATE turns SET turn = turn || '@' || epoch WHERE EXISTS (
    SELECT 1 FROM turns AS newer
    WHERE newer.session_id = turns.session_id AND newer.turn = turns.turn
    AND newer.epoch > turns.epoch
)
"""
"""Pipelines that were started anew have counted their turns anew: both are kept, by two names."""


def upgrade() -> None:
    """Make the index, and the column."""
    op.execute(APART)
    op.create_index("uq_turns_session_id_turn", "turns", ["session_id", "turn"], unique=True)
    op.add_column("sessions", sa.Column("done_sound", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Drop both."""
    op.drop_column("sessions", "done_sound")
    op.drop_index("uq_turns_session_id_turn", "turns")
