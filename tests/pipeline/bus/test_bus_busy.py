"""Many messages a second: they are read together, and none is lost or left lying."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from pipeline.bus import reactor
from pipeline.bus.reactor import SocketReader

PATIENCE_S = 20.0


@pytest.fixture
def sockets(tmp_path: Path) -> Iterator[tuple[zmq.Socket[bytes], zmq.Socket[bytes]]]:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    sender, receiver = context.socket(zmq.PUSH), context.socket(zmq.PULL)
    sender.setsockopt(zmq.SNDHWM, 0)
    sender.bind(f"ipc://{tmp_path}/s")
    receiver.connect(f"ipc://{tmp_path}/s")
    yield sender, receiver
    context.destroy(linger=0)


class Reading:
    """Counts what comes, and how often all was read."""

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self.got: list[int] = []
        self.drained = 0
        self._changed = asyncio.Event()
        self.reader = SocketReader(socket, self._take, self._on_drained)

    def _take(self, message: list[bytes]) -> None:
        self.got.append(int(message[0]))

    def _on_drained(self) -> None:
        self.drained += 1
        self._changed.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.got) < count:
                self._changed.clear()
                await self._changed.wait()


def test_what_comes_fast_is_read_together_and_in_order(
    sockets: tuple[zmq.Socket[bytes], zmq.Socket[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    sender, receiver = sockets
    monkeypatch.setattr(reactor, "LOOK_S", 0.0)
    monkeypatch.setattr(reactor, "BUSY_HZ", 0.0)
    monkeypatch.setattr(reactor, "BUSY_INTERVAL_S", 0.005)

    async def run() -> None:
        reading = Reading(receiver)
        sender.send(b"0")
        await reading.until(1)
        for number in range(1, 1000):
            sender.send(b"%d" % number)
            await asyncio.sleep(0)
        await reading.until(1000)
        assert reading.got == list(range(1000))
        # Never more often than the interval allows, and a full batch does not wait for it.
        assert reading.drained < 500
        reading.reader.close()

    asyncio.run(run())


def test_who_catches_up_reads_all_that_waits_and_not_a_batch_of_it() -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    # Within a process what was sent is there at once.
    sender, receiver = context.socket(zmq.PUSH), context.socket(zmq.PULL)
    sender.bind("inproc://s")
    receiver.connect("inproc://s")

    async def run() -> None:
        reading = Reading(receiver)
        reading.reader.pace(PATIENCE_S)
        for number in range(10 * reactor.BATCH):
            sender.send(b"%d" % number)
        reading.reader.pace(0.0)
        reading.reader.pace(PATIENCE_S)
        for _ in range(10):
            await asyncio.sleep(0)
        assert reading.got == list(range(10 * reactor.BATCH))
        reading.reader.close()

    asyncio.run(run())
    context.destroy(linger=0)


def test_after_a_flood_each_message_is_read_as_it_comes(
    sockets: tuple[zmq.Socket[bytes], zmq.Socket[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    sender, receiver = sockets
    monkeypatch.setattr(reactor, "LOOK_S", 0.0)
    monkeypatch.setattr(reactor, "BUSY_HZ", 0.0)

    async def run() -> None:
        reading = Reading(receiver)
        for number in range(200):
            sender.send(b"%d" % number)
        await reading.until(200)
        monkeypatch.setattr(reactor, "BUSY_HZ", math.inf)
        for number in range(200, 220):
            sender.send(b"%d" % number)
            await reading.until(number + 1)
        assert reading.got == list(range(220))
        assert reading.drained >= 20
        reading.reader.close()

    asyncio.run(run())
