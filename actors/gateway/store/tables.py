"""Tables of the database, as the newest migration leaves them (a test compares)."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
)

from actors.gateway.store.times import UtcTime

VERSION_TABLE = "greenroom_schema"
"""Holds the newest migration that was run: a website may have Alembic's own table already."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

credentials = Table(
    "credentials",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    # SHA-256 in hexadecimal: the key itself is nowhere.
    Column("hash", String(64), nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("origins", JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
    Column("used_at", UtcTime),
)

sessions = Table(
    "sessions",
    metadata,
    # Of the conversation: its name may be that of another one, later.
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False, index=True),
    # The pipeline that holds it, how often one has taken it up from another, and since when.
    Column("room", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("claimed_at", UtcTime, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("records", String(16), nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("ends_at", UtcTime),
    Column("away_at", UtcTime),
    Column("ended_at", UtcTime, index=True),
    Column("reason", String(32)),
    Column("detail", Text),
    # Samples at 16 kHz: the sound before it belongs to turns that are over.
    Column("done_position", BigInteger),
    # The same as the caller's client counts the sound that it sends.
    Column("done_sound", BigInteger),
)

rooms = Table(
    "rooms",
    metadata,
    Column("name", Text, primary_key=True),
    # Which pipeline has the name, and which start of it.
    Column("holder", Text, nullable=False),
    Column("incarnation", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("places", Integer, nullable=False),
    Column("taken", Integer, nullable=False),
    # Set by anybody: it is to be empty.
    Column("draining", Boolean, nullable=False),
    Column("lease_until", UtcTime, nullable=False),
    Column("version", Text, nullable=False),
)


def _session_id() -> Column[str]:
    key = ForeignKey("sessions.id", ondelete="CASCADE")
    return Column("session_id", String(32), key, primary_key=True)


turns = Table(
    "turns",
    metadata,
    _session_id(),
    # Of the session, when the pipeline that says it had it.
    Column("epoch", Integer, primary_key=True),
    Column("turn", Text, primary_key=True),
    Column("closed_at", UtcTime, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("backend", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("said", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("first_sound_ms", Float),
    Column("tokens", Integer),
    Column("cost", Numeric(12, 6, asdecimal=False)),
    # One outcome, whichever pipelines have heard it.
    Index("uq_turns_session_id_turn", "session_id", "turn", unique=True),
)

calls = Table(
    "calls",
    metadata,
    _session_id(),
    Column("epoch", Integer, primary_key=True),
    Column("call_id", Text, primary_key=True),
    Column("turn", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("args", JSON, nullable=False),
    Column("called_at", UtcTime, nullable=False),
    Column("status", String(16)),
    Column("response", JSON),
    Column("answered_at", UtcTime),
)

resumption = Table(
    "resumption",
    metadata,
    _session_id(),
    Column("manner", JSON, nullable=False),
)

quota_projects = Table(
    "quota_projects",
    metadata,
    # The pipeline in whose config it is: each counts by its own.
    Column("holder", Text, primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("live_sessions", Integer),
)

quota_places = Table(
    "quota_places",
    metadata,
    # Id of the conversation, or the name of a pipeline's own session.
    Column("session", Text, primary_key=True),
    Column("project", String(64), nullable=False),
    # The pipeline that has it; nobody who does not renew it in time has it.
    Column("holder", Text, nullable=False),
    Column("until", UtcTime, nullable=False),
)

cool_downs = Table(
    "cool_downs",
    metadata,
    Column("project", String(64), primary_key=True),
    # Digest of the key; empty: all of the project. So for the model.
    Column("key", String(12), primary_key=True),
    Column("model", Text, primary_key=True),
    Column("fault", String(16), primary_key=True),
    Column("until", UtcTime, nullable=False),
)

budget_days = Table(
    "budget_days",
    metadata,
    Column("account", String(64), primary_key=True),
    # ISO 8601, in the time zone of the budget.
    Column("day", String(10), primary_key=True),
    # The pipeline that used it.
    Column("holder", Text, primary_key=True),
    Column("backend", Text, primary_key=True),
    Column("tokens", BigInteger, nullable=False),
    Column("unpriced_tokens", BigInteger, nullable=False),
    Column("spoken_tokens", BigInteger, nullable=False),
    Column("money", Numeric(18, 9, asdecimal=False), nullable=False),
)
