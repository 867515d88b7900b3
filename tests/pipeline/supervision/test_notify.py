"""What a service manager is told, and what nobody else hears of it."""

from __future__ import annotations

import socket
from pathlib import Path

from pipeline.supervision.notify import ServiceManager


def test_a_socket_that_is_gone_or_never_was_or_cannot_be_does_no_harm(tmp_path: Path) -> None:
    for address in (str(tmp_path / "gone"), str(tmp_path / ("x" * 200)), "@no such", "a\0b", ""):
        service = ServiceManager(address)
        service.tell("READY=1")
        service.close()


def test_one_that_reads_nothing_holds_nobody_up(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unread:
        unread.bind(str(tmp_path / "notify"))
        service = ServiceManager(str(tmp_path / "notify"))
        for number in range(1000):
            service.tell(f"WATCHDOG={number}")
        unread.setblocking(False)
        assert unread.recv(100) == b"WATCHDOG=0"
        service.tell("STOPPING=1")
        service.close()


def test_one_that_comes_back_is_told_again(tmp_path: Path) -> None:
    path = tmp_path / "notify"
    service = ServiceManager(str(path))
    for _ in range(2):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.bind(str(path))
            service.tell("READY=1")
            assert systemd.recv(100) == b"READY=1"
        path.unlink()
        service.tell("WATCHDOG=1")
    service.close()


def test_programs_that_are_started_later_inherit_nothing_of_it(tmp_path: Path) -> None:
    environment = {
        "NOTIFY_SOCKET": str(tmp_path / "notify"),
        "WATCHDOG_USEC": "10000000",
        "WATCHDOG_PID": "1",
        "LISTEN_FDS": "1",
        "LISTEN_PID": "1",
        "JOURNAL_STREAM": "9:1",
        "PATH": "/usr/bin",
    }
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(environment["NOTIFY_SOCKET"])
        service = ServiceManager.taken_from(environment)
        assert environment == {"PATH": "/usr/bin"}
        service.tell("READY=1")
        assert systemd.recv(100) == b"READY=1"
        service.close()
