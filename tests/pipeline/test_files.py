"""Files written whole or not at all."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from pipeline.files import replaced_whole, write_whole


def test_replaces_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "it.json"
    write_whole(path, "one")
    write_whole(path, b"two", durable=False)
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_trouble_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "it.json"
    write_whole(path, "old")

    def break_off() -> None:
        with replaced_whole(path) as partial:
            partial.write_text("half of the n")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "it.json"
    write_whole(path, "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_readers_never_see_a_part(tmp_path: Path) -> None:
    path = tmp_path / "it.txt"
    whole = ["a" * 200_000, "b" * 200_000]
    write_whole(path, whole[0], durable=False)
    done = threading.Event()

    def write() -> None:
        for number in range(50):
            write_whole(path, whole[number % 2], durable=False)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while not done.is_set():
        seen.add(path.read_text())
    writer.join()
    assert seen <= set(whole)
