"""Machines that allow little: few open files, no further process, no `memfd_create`."""

from __future__ import annotations

import os
import resource
from typing import Any

import pytest

from pipeline.errors import GreenroomError
from pipeline.launch import file_limit
from pipeline.launch.file_limit import ENOUGH, LEAST, raise_file_limit
from pipeline.launch.fork_client import ForkServerClient, nameless_file


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
