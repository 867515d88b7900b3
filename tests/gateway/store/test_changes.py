from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from actors.gateway.store import changes
from actors.gateway.store.changes import Backlog, Change, ChangeKind

PUT, UPDATE, DELETE = ChangeKind.PUT, ChangeKind.UPDATE, ChangeKind.DELETE


def change(kind: ChangeKind = PUT, row: str = "a", table: str = "turns", **values: Any) -> Change:
    return Change(table, kind, {"turn": row}, values)


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        (change(PUT, x=1, y=1), change(UPDATE, y=2), change(PUT, x=1, y=2)),
        (change(UPDATE, x=1), change(UPDATE, y=2), change(UPDATE, x=1, y=2)),
        (change(UPDATE, x=1), change(PUT, x=2, y=2), change(PUT, x=2, y=2)),
        (change(PUT, x=1), change(DELETE), change(DELETE)),
        (change(DELETE), change(UPDATE, x=1), change(DELETE)),
        (change(DELETE), change(PUT, x=1), change(PUT, x=1)),
    ],
)
def test_changes_of_one_row_are_one(first: Change, second: Change, both: Change) -> None:
    backlog = Backlog(Counter())
    backlog.add(first)
    backlog.add(second)
    assert backlog.take(10) == [both]
    assert not backlog


def test_what_was_not_written_comes_before_what_is_newer() -> None:
    backlog = Backlog(Counter())
    for row in "abc":
        backlog.add(change(row=row, x=1))
    taken = backlog.take(2)
    backlog.add(change(UPDATE, row="b", x=2))
    backlog.put_back(taken)
    assert backlog.take(10) == [change(row="a", x=1), change(row="b", x=2), change(row="c", x=1)]


def test_what_there_is_no_room_for_is_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST_WAITING", 2)
    monkeypatch.setattr(changes, "MOST_OF_SESSIONS", 3)
    counters: Counter[str] = Counter()
    backlog = Backlog(counters)
    for row in "abc":
        backlog.add(change(row=row, x=1))
    assert counters["rows_dropped"] == 1
    backlog.add(change(row="a", x=2))
    for row in "de":
        backlog.add(change(row=row, table="sessions", x=1))
    assert counters["rows_dropped"] == 2
    assert [each.row for each in backlog.take(10)] == [
        ("turns", "a"),
        ("turns", "b"),
        ("sessions", "d"),
    ]
