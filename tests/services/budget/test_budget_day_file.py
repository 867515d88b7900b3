"""The account on disk survives a kill in the middle of writing, and damage."""

from __future__ import annotations

import json
import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from actors.services.budget.account import Account, Sum
from actors.services.budget.day_file import DayFile


def account(reports: int = 1) -> Account:
    made = Account(run=1)
    for number in range(reports):
        made.count(str(number), "live", Sum(10, money=Decimal("0.1")), date(2026, 11, 21))
    return made


def write(file: DayFile, saved: Account) -> None:
    file.write(json.dumps(saved.to_json()), saved.revision)


def test_what_was_written_is_read_by_its_owner_only(tmp_path: Path) -> None:
    file = DayFile(tmp_path / "budget.json")
    assert file.load() is None
    write(file, account())
    assert DayFile(file.path).load() == account()
    assert file.path.stat().st_mode & 0o777 == 0o600


def test_an_older_account_does_not_replace_a_newer_one(tmp_path: Path) -> None:
    file = DayFile(tmp_path / "budget.json")
    write(file, account(3))
    write(file, account(2))
    assert file.load() == account(3)


def test_a_kill_in_the_middle_of_writing_leaves_the_account_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = DayFile(tmp_path / "budget.json")
    write(file, account(1))

    def killed(_fd: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            write(file, account(2))
    assert DayFile(file.path).load() == account(1)
    write(file, account(2))
    assert file.load() == account(2)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff\xfe", b'{"run": 1}', b"\0" * 4096])
def test_a_damaged_file_is_refused_and_can_be_set_aside(tmp_path: Path, damage: bytes) -> None:
    file = DayFile(tmp_path / "budget.json")
    file.path.write_bytes(damage)
    with pytest.raises(ValueError, match=r"."):
        file.load()
    aside = file.set_aside()
    assert aside.read_bytes() == damage
    assert file.load() is None
