"""Many messages a second: they are read together, and none is lost or left lying."""

from __future__ import annotations

import asyncio
import math

import pytest
import zmq
from socket_reading import PATIENCE_S, Reading

from pipeline.bus import reactor, rush


def test_what_comes_fast_is_read_together_and_in_order(
    sockets: tuple[zmq.Socket[bytes], zmq.Socket[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    sender, receiver = sockets
    monkeypatch.setattr(rush, "LOOK_S", 0.0)
    monkeypatch.setattr(rush, "BUSY_HZ", 0.0)
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


def test_who_catches_up_reads_all_that_waits_and_not_a_batch_of_it(
    near_sockets: tuple[zmq.Socket[bytes], zmq.Socket[bytes]],
) -> None:
    sender, receiver = near_sockets

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


def test_after_a_flood_each_message_is_read_as_it_comes(
    sockets: tuple[zmq.Socket[bytes], zmq.Socket[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    sender, receiver = sockets
    monkeypatch.setattr(rush, "LOOK_S", 0.0)
    monkeypatch.setattr(rush, "BUSY_HZ", 0.0)

    async def run() -> None:
        reading = Reading(receiver)
        for number in range(200):
            sender.send(b"%d" % number)
        await reading.until(200)
        monkeypatch.setattr(rush, "BUSY_HZ", math.inf)
        for number in range(200, 220):
            sender.send(b"%d" % number)
            await reading.until(number + 1)
        assert reading.got == list(range(220))
        assert reading.drained >= 20
        reading.reader.close()

    asyncio.run(run())
