"""Waiting for consumers: as long as they get on, however busy the machine is."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from actors.cli import listeners
from actors.cli.listeners import Patience, require_all, wait_for_listeners
from pipeline.bus import Publisher, ipc_address
from pipeline.bus.context import new_context
from pipeline.errors import GreenroomError
from pipeline.frames import ActorStatus, Status, UserText
from pipeline.ports import Out

BUSY = "while True: pass"
IDLE = "import time; time.sleep(3600)"


@pytest.fixture
def consumer(request: pytest.FixtureRequest) -> Iterator[int]:
    """A process that works, or does not."""
    with subprocess.Popen([sys.executable, "-c", request.param]) as process:
        yield process.pid
        process.kill()


def status_of(**pids: int | None) -> Status:
    actors = [ActorStatus(actor=name, phase="starting", pid=pid) for name, pid in pids.items()]
    return Status(pipeline="p", version="1", uptime_s=1, ready=False, actors=actors)


def waited_s(pid: int | None, most_s: float) -> float:
    patience = Patience(lambda: status_of(live=pid))
    begun_s = time.monotonic()
    while time.monotonic() - begun_s < most_s:
        if patience.gave_up({"live"}, time.monotonic()):
            break
    return time.monotonic() - begun_s


@pytest.mark.parametrize("consumer", [BUSY], indirect=True)
def test_one_that_works_is_waited_for(consumer: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "IDLE_S", 0.4)
    assert waited_s(consumer, 2) >= 2


@pytest.mark.parametrize("consumer", [IDLE], indirect=True)
def test_one_that_does_nothing_is_not(consumer: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Its interpreter starts meanwhile, which is work.
    monkeypatch.setattr(listeners, "IDLE_S", 1.0)
    assert waited_s(consumer, 60) < 60


def test_one_that_has_no_process_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "IDLE_S", 0.2)
    assert waited_s(None, 60) < 60


def test_typed_text_waits_for_each_that_is_to_hear_it_not_for_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "IDLE_S", 0.5)
    monkeypatch.setattr(
        listeners, "newest_status", lambda _: status_of(live=os.getpid(), http=None)
    )

    async def wait() -> dict[str, set[str]]:
        context, others = new_context(), zmq.Context()
        address = ipc_address(tmp_path, "console")
        publisher = Publisher(context, address, {"text": Out((UserText,))}, high_water=100)
        sockets: list[Any] = []

        def subscribe(name: str) -> None:
            socket = others.socket(zmq.XSUB)
            socket.connect(address)
            socket.send(b"\x01" + f"@{name}:text".encode())
            sockets.append(socket)

        try:
            subscribe("http")
            await publisher.wait_for_any("text")
            # The second comes a good while after the first.
            asyncio.get_running_loop().call_later(0.3, subscribe, "live")
            expected = {"console": {"text": {"http", "live"}}}
            return await wait_for_listeners({"console": publisher}, expected, tmp_path)
        finally:
            for socket in sockets:
                socket.close(linger=0)
            publisher.close()
            context.destroy(linger=0)
            others.destroy(linger=0)

    assert asyncio.run(wait()) == {}


def test_who_is_missing_is_named() -> None:
    require_all({})
    with pytest.raises(GreenroomError, match=r"not listening: a to console\.text, b to console"):
        require_all({"console.text": {"b", "a"}})
