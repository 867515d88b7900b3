"""A test that leaves something running or open has failed, whatever else it shows."""

from __future__ import annotations

import asyncio
import asyncio.runners
import gc
import io
import logging
import os
import signal
import threading
from collections.abc import Generator, Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import settings

from pipeline import logs
from pipeline.launch.process_work import children_of
from pipeline.plain_structlog import structlog
from pipeline.testing import warm_starts
from pipeline.testing.starts import WARM

OWN_FILES_ONLY = Path(__file__).parent / "pipeline"
"""Where open files are counted: elsewhere, libraries keep some open for good once loaded."""
STARTED_COLD = OWN_FILES_ONLY
"""Where the start itself, and what a process has imported, is what is tested; elsewhere such tests
are marked `cold`."""
GOODBYE_S = 5.0
"""A thread that has been told to end may need its turn on a busy machine."""

# How long an example takes says how busy the machine is.
settings.register_profile("busy", deadline=None)
settings.load_profile("busy")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background jobs are deaf to Control-C, and so would be what tests start and end.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def logs_are_as_they_were(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where the log goes, and what it keeps secret, is set for a whole process, and other tests
    run in this one."""
    monkeypatch.setattr(logs, "_secrets", set(logs._secrets))
    handlers = logging.getLogger().handlers[:]
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers


@pytest.fixture
def log(logs_are_as_they_were: None) -> io.StringIO:
    """What is logged in a test."""
    written = io.StringIO()
    logs.configure(written)
    return written


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Elsewhere pipelines are forked from a process that has imported what they need, and loaded
    what they speak with; those that fixtures of modules start as well."""
    if STARTED_COLD in item.path.parents or item.get_closest_marker("cold"):
        return (yield)
    with warm_starts("warm_models"):
        return (yield)


@pytest.fixture(autouse=True)
def nothing_is_left(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Compare threads, child processes, tasks and files with those before the test."""
    tasks: list[str] = []
    cancel_all = asyncio.runners._cancel_all_tasks  # type: ignore[attr-defined]

    def note_and_cancel_all(loop: asyncio.AbstractEventLoop) -> None:
        # What `asyncio.run` finds here it would cancel without a word.
        tasks.extend(repr(task) for task in asyncio.all_tasks(loop))
        cancel_all(loop)

    monkeypatch.setattr(asyncio.runners, "_cancel_all_tasks", note_and_cancel_all)
    threads, children, files = set(_threads()), set(_children()), _files()
    yield
    for thread in set(_threads()) - threads:
        thread.join(GOODBYE_S)
    left = {
        "threads": [repr(thread) for thread in set(_threads()) - threads],
        "child processes": [repr(child) for child in set(_children()) - children],
        "tasks": tasks,
    }
    if OWN_FILES_ONLY in request.path.parents:
        if not _files() <= files:
            gc.collect()
        left["files"] = sorted(_files() - files)
    found = {what: those for what, those in left.items() if those}
    assert not found, "the test left something behind"


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if not thread.daemon]


def _children() -> list[psutil.Process]:
    found = [pid for pid in _below(os.getpid()) if pid != WARM.pid]
    return [psutil.Process(pid) for pid in found if psutil.pid_exists(pid)]


def _below(pid: int) -> list[int]:
    """What psutil finds too, but by looking at each process of the machine: 3 ms, twice a test."""
    children = children_of(pid)
    return [*children, *(below for child in children for below in _below(child))]


def _files() -> set[str]:
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.add(f"{entry.name} {os.readlink(entry)}")  # noqa: PTH115 - sockets have no path
        except FileNotFoundError:
            continue  # The descriptor with which the folder itself was being read.
    return found
