"""What is said of a start that takes long: preparing, not failing."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from pipeline.supervision.notify import ServiceManager
from pipeline.supervision.start_report import TOLD_EVERY_S, StartReport


@dataclass
class Starting:
    """Stands for the processes: says how far they are."""

    is_ready: bool = False
    is_settled: bool = False
    how_far: str = "1 of 2 actors are ready, not yet live; importing google.genai for live"


class Heard:
    """Stands for the service manager's end."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.setblocking(False)

    def new(self) -> list[str]:
        said = []
        while True:
            try:
                said.append(self.socket.recv(1000).decode())
            except BlockingIOError:
                return said


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[Heard]:
    heard = Heard(tmp_path / "notify")
    yield heard
    heard.socket.close()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ServiceManager]:
    service = ServiceManager(str(tmp_path / "notify"))
    yield service
    service.close()


def report_of(starting: Starting, service: ServiceManager) -> StartReport:
    processes: Any = starting
    return StartReport(processes, service)


def test_a_start_that_takes_long_is_said_to_prepare_and_gets_its_time(
    service: ServiceManager, heard: Heard
) -> None:
    starting = Starting()
    report, begun_s = report_of(starting, service), time.monotonic()
    with capture_logs() as log:
        report.look(begun_s)
        assert (heard.new(), log) == ([], [])
        report.look(begun_s + TOLD_EVERY_S + 0.5)
        extended, status = heard.new()
        assert extended.startswith("EXTEND_TIMEOUT_USEC=")
        assert int(extended.partition("=")[2]) > TOLD_EVERY_S * 1e6
        assert status == f"STATUS=preparing: {starting.how_far}"
        report.look(begun_s + TOLD_EVERY_S + 1.0)
        assert heard.new() == [], "not at every look"
        report.look(begun_s + 2 * TOLD_EVERY_S + 1.0)
        assert heard.new() == [extended], "and not the same words again"
    assert [each["log_level"] for each in log] == ["info", "info"]
    assert log[0]["event"] == f"preparing: {starting.how_far}"


def test_what_fails_in_its_start_does_not_hold_up_the_service(
    service: ServiceManager, heard: Heard
) -> None:
    starting = Starting()
    report = report_of(starting, service)
    starting.is_settled, starting.how_far = True, "1 of 2 actors are ready, not yet ill"
    report.look(time.monotonic())
    report.look(time.monotonic())
    assert heard.new() == ["READY=1", "STATUS=1 of 2 actors are ready, not yet ill"]
    assert not report.became_ready()
    starting.is_ready = True
    assert report.became_ready()
    assert not report.became_ready()
    assert report.was_ready
    assert heard.new() == ["STATUS=every actor is ready"]
