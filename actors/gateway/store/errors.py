"""What can go wrong with the database, in words for the operator."""

from __future__ import annotations

from pipeline.errors import ConfigError, GreenroomError


class DatabaseUrlError(ConfigError):
    """The URL names no database that can be used."""


class DatabaseAwayError(GreenroomError):
    """The database does not answer now: it is gone, full, locked, damaged, or refuses us."""


class NewerSchemaError(DatabaseAwayError):
    """A newer greenroom has changed the tables; only its update helps."""


class UnwritableError(GreenroomError):
    """A value that this database does not take; it would not later either."""
