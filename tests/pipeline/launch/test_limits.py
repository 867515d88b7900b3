"""Machines that allow little: few open files, no thread, no further process, no `memfd_create`."""

from __future__ import annotations

import errno
import os
import resource
import threading
from typing import Any

import pytest

from pipeline.errors import NO_THREAD, GreenroomError, machine_problem
from pipeline.launch import file_limit
from pipeline.launch.file_limit import ENOUGH, LEAST, raise_file_limit
from pipeline.launch.fork_client import ForkServerClient, nameless_file
from pipeline.launch.thread_limit import LEAST as LEAST_THREADS
from pipeline.launch.thread_limit import require_threads


@pytest.mark.parametrize(
    ("limits", "becomes"),
    [
        ((64, 4096), (4096, 4096)),
        ((1024, 1 << 20), (ENOUGH, 1 << 20)),
        ((1024, resource.RLIM_INFINITY), (ENOUGH, resource.RLIM_INFINITY)),
        ((1 << 20, 1 << 20), None),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), None),
    ],
)
def test_a_pipeline_takes_what_it_may(
    limits: tuple[int, int], becomes: tuple[int, int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[tuple[int, int]] = []
    monkeypatch.setattr(file_limit.resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(file_limit.resource, "setrlimit", lambda _, to: taken.append(to))
    raise_file_limit()
    assert taken == ([becomes] if becomes else [])


def test_too_few_files_are_said_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_limit.resource, "getrlimit", lambda _: (20, LEAST - 1))
    monkeypatch.setattr(file_limit.resource, "setrlimit", lambda *_: None)
    with pytest.raises(GreenroomError, match=r"ulimit -n"):
        raise_file_limit()


def test_where_no_process_can_be_started_it_is_said_in_a_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: Any, **__: Any) -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "posix_spawn", refused)
    with pytest.raises(GreenroomError, match=r"Resource temporarily unavailable.*ulimit -u"):
        ForkServerClient()


@pytest.mark.parametrize("given", range(LEAST_THREADS))
def test_too_few_threads_are_said_in_a_line_and_none_is_left(
    given: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[threading.Thread] = []
    start = threading.Thread.start

    def refused(thread: threading.Thread) -> None:
        if len(started) == given:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refused)
    with pytest.raises(GreenroomError, match=r"no thread can be started.*ulimit -u"):
        require_threads()
    assert len(started) == given
    assert not any(each.is_alive() for each in started)


def test_where_threads_can_be_had_none_is_kept() -> None:
    before = threading.active_count()
    require_threads()
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.EFBIG, "File too large", "ca.pem"), "ca.pem: File too large"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (RuntimeError("can't start new thread"), NO_THREAD),
        (RuntimeError("dictionary changed size"), None),
        (FileNotFoundError(errno.ENOENT, "No such file or directory"), None),
    ],
)
def test_what_the_machine_refuses_is_told_from_what_is_wrong_here(
    error: Exception, told: str | None
) -> None:
    assert machine_problem(error) == told


@pytest.mark.parametrize("built_with", ["memfd_create", ""])
def test_a_request_has_a_file_also_without_memfd_create(
    built_with: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not built_with:
        monkeypatch.delattr(os, "memfd_create")
    with nameless_file() as file:
        file.write(b"request")
        file.flush()
        assert os.pread(file.fileno(), 100, 0) == b"request"
