"""The crash-safe store: kills, full disks, folders that cannot be written, damaged files."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline import store as store_module
from pipeline.store import Store
from pipeline.store_file import StoreFile

RUN = 7


class Log:
    """Keeps what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def warning(self, message: str, **fields: Any) -> None:
        self.lines.append(f"{message} {fields}")

    error = warning


class Stores:
    """Opens stores, and closes them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "live.sqlite3"
        self.log = Log()
        self.opened: list[Store] = []

    def open(self, run: int = RUN, path: Path | None = None, **options: Any) -> Store:
        log: Any = self.log
        self.opened.append(Store(path or self.path, run, log, **options))
        return self.opened[-1]

    def again(self, run: int = RUN) -> Store:
        self.opened[-1].close()
        return self.open(run)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    made = Stores(tmp_path)
    yield made
    for each in made.opened:
        each.close()


def test_a_row_is_there_at_once_and_after_a_restart(stores: Stores) -> None:
    store = stores.open()
    store.put("a", "history", {"words": ["grüße"]})
    assert store.get("a", "history") == {"words": ["grüße"]}
    assert stores.again().get("a", "history") == {"words": ["grüße"]}
    assert stat.S_IMODE(stores.path.stat().st_mode) == 0o600
    assert not stores.log.lines


def test_the_newest_of_a_key_counts(stores: Stores) -> None:
    store = stores.open()
    for number in range(1000):
        store.put("a", "n", number)
        assert store.get("a", "n") == number
    assert stores.again().items("a") == {"n": 999}


def test_an_ended_session_leaves_nothing_and_one_of_its_name_is_new(stores: Stores) -> None:
    store = stores.open()
    store.put("a", "old", 1)
    store.put("b", "kept", 1)
    assert store.wait_written()
    store.remove("a")
    assert store.get("a", "old") is None
    assert store.items("a") == {}
    store.put("a", "new", 2)
    assert store.items("a") == {"new": 2}
    again = stores.again()
    assert (again.items("a"), again.items("b")) == ({"new": 2}, {"kept": 1})
    again.remove("a")
    assert again.wait_written()
    assert again.sessions() == ["b"]


def test_a_removed_row_is_gone(stores: Stores) -> None:
    store = stores.open()
    store.put("a", "one", 1)
    store.put("a", "two", 2)
    store.remove("a", "one")
    assert store.get("a", "one") is None
    assert stores.again().items("a") == {"two": 2}


def test_another_run_finds_only_what_outlives_its_run(stores: Stores) -> None:
    store = stores.open()
    store.put("a", "turns", [1])
    store.put("a", "handle", "h", outlives_run=True)
    assert stores.again(run=RUN + 1).items("a") == {"handle": "h"}


def test_written_is_on_the_disk(stores: Stores) -> None:
    store = stores.open()

    async def put_and_wait() -> bool:
        store.put("a", "one", 1)
        return await store.written()

    assert asyncio.run(put_and_wait())
    other = stores.open()
    assert other.get("a", "one") == 1


def test_putting_does_not_wait_for_a_slow_disk(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = stores.open()
    goes_on = threading.Event()
    dumps = store_module.json.dumps

    def slow(value: Any) -> str:
        goes_on.wait(10)
        return dumps(value)

    monkeypatch.setattr(store_module.json, "dumps", slow)
    store.put("a", "one", 1)
    begun_s = time.monotonic()
    for number in range(100):
        store.put("a", str(number), number)
        assert store.get("a", str(number)) == number
    assert not store.wait_written(0.01)
    assert time.monotonic() - begun_s < 5
    goes_on.set()
    assert store.wait_written()
    assert len(store.items("a")) == 101


KILLED = """
import sys
from pathlib import Path
from pipeline.logs import get_logger
from pipeline.store import Store

store = Store(Path(sys.argv[1]), 7, get_logger("test"))
number = 0
while True:
    store.put("a", "first", number)
    store.put("a", "second", number)
    if number % 50 == 0:
        assert store.wait_written()
        print(number, flush=True)
    number += 1
"""


def test_a_sigkill_in_the_middle_loses_nothing_that_was_written(stores: Stores) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(stores.path)], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        said = [int(process.stdout.readline()) for _ in range(20)]
        os.kill(process.pid, signal.SIGKILL)
        said += [int(line) for line in process.stdout if line.endswith("\n")]
    rows = stores.open().items("a")
    assert rows["second"] >= said[-1]
    # Both of a pair are put before either may be written, or the first was put again.
    assert rows["first"] - rows["second"] in (0, 1)
    assert not stores.log.lines


def test_a_full_disk_is_said_once_and_what_it_did_not_take_is_written_later(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "RETRY_S", 0.02)
    store = stores.open()
    store.put("a", "old", 1)
    assert store.wait_written()
    opened = StoreFile._connect
    full = threading.Event()
    full.set()

    def on_a_full_disk(self: StoreFile) -> sqlite3.Connection:
        connection = opened(self)
        if full.is_set():
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    monkeypatch.setattr(StoreFile, "_connect", on_a_full_disk)
    store = stores.again()
    for number in range(3):
        store.put("a", f"new {number}", "x" * 100_000)
        assert not store.wait_written()
    assert store.get("a", "new 0") == "x" * 100_000
    assert [line for line in stores.log.lines if "full" in line] == stores.log.lines
    assert len(stores.log.lines) == 1
    full.clear()
    deadline_s = time.monotonic() + 10
    other = stores.open()
    while len(other.items("a")) < 4:
        assert time.monotonic() < deadline_s, "written once there is room again"
        threading.Event().wait(0.01)


def test_a_folder_that_is_not_there_is_said_once_and_the_rows_are_kept(stores: Stores) -> None:
    path = stores.path.parent / "folder" / "live.sqlite3"
    store = stores.open(path=path)
    store.put("a", "one", 1)
    assert not store.wait_written()
    assert store.get("a", "one") == 1
    assert len(stores.log.lines) == 1
    assert "cannot be opened" in stores.log.lines[0]
    path.parent.mkdir()
    store.put("a", "two", 2)
    assert store.wait_written()
    assert store.items("a") == {"one": 1, "two": 2}
    assert stores.open(path=path).items("a") == {"one": 1, "two": 2}


@pytest.mark.parametrize("damage", [b"{" * 999, b"\0" * 8192, b"SQLite format 3\0" + b"x" * 8192])
def test_a_damaged_file_is_moved_aside_and_said(stores: Stores, damage: bytes) -> None:
    stores.path.write_bytes(damage)
    store = stores.open()
    assert stores.path.with_name("live.sqlite3.damaged").read_bytes() == damage
    assert len(stores.log.lines) == 1
    assert "moved aside" in stores.log.lines[0]
    store.put("a", "one", 1)
    assert store.wait_written()
    assert stores.again().get("a", "one") == 1


def test_a_file_damaged_in_the_middle_is_moved_aside(stores: Stores) -> None:
    store = stores.open()
    for number in range(500):
        store.put("a", str(number), "x" * 100)
    store.close()
    content = bytearray(stores.path.read_bytes())
    content[8192:16384] = b"\xff" * 8192
    stores.path.write_bytes(content)
    assert stores.open().items("a") == {}
    assert "moved aside" in stores.log.lines[0]
    assert stores.path.with_name("live.sqlite3.damaged").read_bytes() == content


def test_an_idle_store_has_no_thread_and_closing_twice_does_nothing(stores: Stores) -> None:
    before = threading.active_count()
    store = stores.open()
    assert threading.active_count() == before
    store.close()
    store.close()
