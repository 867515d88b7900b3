"""When the memory of a process is looked at page by page."""

from __future__ import annotations

import os

from pipeline.supervision.memory import (
    GROWN_PAGES,
    LOOK_EVERY_S,
    MemoryWatch,
    memory_of,
    resident_pages,
)


def test_a_process_that_stays_as_big_is_looked_at_once_a_minute() -> None:
    watch = MemoryWatch()
    looked = [now_s for now_s in range(0, 180, 5) if watch.is_due(10_000, 7, now_s)]
    assert looked == [0, LOOK_EVERY_S, 2 * LOOK_EVERY_S]


def test_one_that_has_grown_or_is_another_is_looked_at_at_once() -> None:
    watch = MemoryWatch()
    assert watch.is_due(10_000, 7, 0.0)
    assert not watch.is_due(10_000 + GROWN_PAGES - 1, 7, 5.0)
    assert watch.is_due(10_000 + GROWN_PAGES, 7, 10.0)
    assert watch.is_due(10_000, 7, 15.0)
    assert watch.is_due(10_000, 8, 20.0)


def test_what_nobody_knows_is_looked_at() -> None:
    watch = MemoryWatch()
    assert watch.is_due(None, 7, 0.0)
    assert watch.is_due(None, 7, 5.0)
    assert resident_pages(2**22 + 1) is None


def test_pages_in_memory_are_no_fewer_than_the_exact_look_finds() -> None:
    pages, memory = resident_pages(os.getpid()), memory_of(os.getpid())
    assert pages is not None
    assert memory is not None
    assert pages * 4 / 1024 > memory.uss * 0.9
