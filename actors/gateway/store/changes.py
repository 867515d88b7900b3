"""Changes of rows that wait to be written: each row once, and so many at most. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

MOST_WAITING = 5000
"""Rows: the turns of an hour of 60 callers, some 10 MB."""
MOST_OF_SESSIONS = 2 * MOST_WAITING
"""Without its session's row no other can be written: those have room when others have none."""


class ChangeKind(Enum):
    """What is to become of a row."""

    PUT = auto()
    """It is made, or, if it is there, changed."""
    UPDATE = auto()
    """It is changed if it is there: what was erased stays so."""
    DELETE = auto()


@dataclass(frozen=True)
class Change:
    """A change of one row.

    Attributes:
        table: Name of the table.
        kind: What is to become of it.
        key: Which row: column and value.
        values: Columns that change.
        only_if: What other columns of the session's row must have: what another pipeline has taken
            up is its own.
    """

    table: str
    kind: ChangeKind
    key: Mapping[str, Any]
    values: Mapping[str, Any]
    only_if: Mapping[str, Any] = field(default_factory=dict)

    @property
    def row(self) -> tuple[Any, ...]:
        """Which row of which table."""
        return (self.table, *self.key.values())

    def followed_by(self, newer: Change) -> Change:
        """Return both as one."""
        if newer.kind is ChangeKind.DELETE:
            return newer
        if self.kind is ChangeKind.DELETE:
            return newer if newer.kind is ChangeKind.PUT else self
        kind = ChangeKind.PUT if ChangeKind.PUT in (self.kind, newer.kind) else self.kind
        values = {**self.values, **newer.values}
        return Change(self.table, kind, self.key, values, newer.only_if)


class Backlog:
    """Changes in the order in which they came; those of one row are one.

    Args:
        counters: `rows_dropped`: those for which there was no room.
    """

    def __init__(self, counters: Counter[str]) -> None:
        self._counters = counters
        self._changes: dict[tuple[Any, ...], Change] = {}

    def __len__(self) -> int:
        return len(self._changes)

    def add(self, change: Change) -> None:
        """Let a change wait."""
        before = self._changes.get(change.row)
        if before is not None:
            self._changes[change.row] = before.followed_by(change)
            return
        words = change.table in ("turns", "calls")
        if len(self._changes) >= (MOST_WAITING if words else MOST_OF_SESSIONS):
            self._counters["rows_dropped"] += 1
            return
        self._changes[change.row] = change

    def take(self, most: int) -> list[Change]:
        """Return the oldest changes, which wait no more."""
        rows = list(self._changes)[:most]
        return [self._changes.pop(row) for row in rows]

    def put_back(self, changes: list[Change]) -> None:
        """Let changes that were taken wait again, before all others."""
        newer, self._changes = self._changes, {each.row: each for each in changes}
        for change in newer.values():
            before = self._changes.get(change.row)
            self._changes[change.row] = before.followed_by(change) if before else change
