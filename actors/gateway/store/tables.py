"""Tables of the database, as the newest migration leaves them (a test compares)."""

from __future__ import annotations

from sqlalchemy import JSON, Column, MetaData, String, Table, Text

from actors.gateway.store.times import UtcTime

VERSION_TABLE = "greenroom_schema"
"""Holds the newest migration that was run: a website may have Alembic's own table already."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
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
