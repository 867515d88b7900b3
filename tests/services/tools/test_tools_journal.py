"""The journal hands the ledger's memory from one process to the next."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.services.tools import journal as journal_module
from actors.services.tools.journal import Journal
from actors.services.tools.ledger import CallKey, Entry, Phase

RUN = 7


def entry(call_id: str, phase: Phase = Phase.ACCEPTED) -> Entry:
    return Entry(CallKey("local", call_id), "local:0", "grüßen", phase)


def write(path: Path, *entries: Entry, run: int = RUN) -> None:
    journal = Journal(path, run)
    journal.load()
    for each in entries:
        journal.write(each)
    journal.close()


def load(path: Path, run: int = RUN) -> list[Entry]:
    journal = Journal(path, run)
    try:
        return journal.load()
    finally:
        journal.close()


def test_the_first_process_finds_nothing(tmp_path: Path) -> None:
    assert load(tmp_path / "calls") == []


def test_the_newest_entry_of_a_call_counts(tmp_path: Path) -> None:
    path = tmp_path / "calls"
    write(path, entry("a"), entry("b"), entry("a", Phase.ANSWERED))
    assert load(path) == [entry("a", Phase.ANSWERED), entry("b")]
    assert load(path) == [entry("a", Phase.ANSWERED), entry("b")]


def test_a_line_torn_by_sigkill_is_left_out_and_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "calls"
    write(path, entry("a"))
    with path.open("ab") as file:
        file.write(b'{"run": 7, "phase": "acc')
    write(path, entry("b"))
    assert load(path) == [entry("a"), entry("b")]


def test_calls_of_another_run_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "calls"
    write(path, entry("a"), run=RUN)
    assert load(path, run=RUN + 1) == []


def test_a_full_journal_is_rewritten_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MAX_LINES", 5)
    path = tmp_path / "calls"
    journal = Journal(path, RUN)
    journal.load()
    for number in range(5):
        journal.write(entry(str(number)))
    assert journal.full
    journal.rewrite([entry("4")])
    assert not journal.full
    journal.write(entry("5"))
    journal.close()
    assert load(path) == [entry("4"), entry("5")]


def test_a_disk_that_cannot_be_written_is_reported_and_the_calls_go_on(tmp_path: Path) -> None:
    errors: list[OSError] = []
    journal = Journal(tmp_path / "no such folder" / "calls", RUN, errors.append)
    assert journal.load() == []
    journal.write(entry("a"))
    journal.close()
    assert len(errors) == 1
