"""The journal hands the ledger's memory from one process to the next."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from actors.services.tools import journal as journal_module
from actors.services.tools.journal import CallJournal
from actors.services.tools.ledger import CallEntry, CallKey, CallStatus
from pipeline.logs import get_logger
from pipeline.store import Store

RUN = 7


def entry(
    call_id: str, phase: CallStatus = CallStatus.ACCEPTED, session: str = "local"
) -> CallEntry:
    return CallEntry(CallKey(session, call_id), f"{session}:0", "grüßen", phase)


def opened(path: Path, run: int = RUN) -> CallJournal:
    return CallJournal(Store(path, run, get_logger("tools")))


def write(path: Path, *entries: CallEntry, run: int = RUN) -> None:
    journal = opened(path, run)
    journal.load()
    for each in entries:
        journal.write(each)
    journal.close()


def load(path: Path, run: int = RUN) -> list[CallEntry]:
    journal = opened(path, run)
    try:
        return journal.load()
    finally:
        journal.close()


def test_the_first_process_finds_nothing(tmp_path: Path) -> None:
    assert load(tmp_path / "calls") == []


def test_the_newest_entry_of_a_call_counts(tmp_path: Path) -> None:
    path = tmp_path / "calls"
    write(path, entry("a"), entry("b"), entry("a", CallStatus.ANSWERED))
    assert load(path) == [entry("b"), entry("a", CallStatus.ANSWERED)]
    write(path, entry("c", session="caller"))
    assert load(path) == [
        entry("b"), entry("a", CallStatus.ANSWERED), entry("c", session="caller")
    ]  # fmt: skip


def test_a_call_is_on_the_disk_when_the_journal_says_so(tmp_path: Path) -> None:
    journal = opened(tmp_path / "calls")

    async def write_and_wait() -> bool:
        journal.write(entry("a"))
        return await journal.written()

    assert asyncio.run(write_and_wait())
    # As another process sees it, this one being killed: nothing was closed.
    assert load(tmp_path / "calls") == [entry("a")]
    journal.close()


def test_calls_of_another_run_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "calls"
    write(path, entry("a"), run=RUN)
    assert load(path, run=RUN + 1) == []


def test_calls_of_a_session_that_ended_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "calls"
    journal = opened(path)
    journal.write(entry("a"))
    journal.write(entry("a", session="caller"))
    journal.forget("caller")
    journal.close()
    assert load(path) == [entry("a")]


def test_old_calls_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "REMEMBERED", 2)
    path = tmp_path / "calls"
    write(path, *(entry(str(number)) for number in range(5)))
    write(path, entry("5"))
    assert load(path) == [entry("4"), entry("5")]


def test_a_disk_that_cannot_be_written_is_reported_and_the_calls_go_on(tmp_path: Path) -> None:
    journal = opened(tmp_path / "no such folder" / "calls")
    assert journal.load() == []

    async def write_and_wait() -> bool:
        journal.write(entry("a"))
        return await journal.written()

    assert not asyncio.run(write_and_wait())
    journal.close()
