"""Where many frames are sent, subscriptions are looked for once in a turn, and none is missed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import zmq

from pipeline.bus import Publisher, ipc_address
from pipeline.bus.reactor import SocketReader
from pipeline.bus.rush import BUSY_HZ, LOOK_S, Rush
from pipeline.frames import Audio
from pipeline.ports import In, Out
from tests.helpers.recording_consumer import RecordingConsumer, until

PORTS = {"audio": Out((Audio,), retain_s=60)}
INPUTS = {"audio": In((Audio,), replay=True)}
ALL = 400


class FakeClock:
    """Says what it is told."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


@pytest.mark.parametrize(
    ("rate_hz", "is_on"), [(50, False), (350, False), (450, True), (5000, True)]
)
def test_it_is_a_rush_where_there_are_many(rate_hz: int, is_on: bool) -> None:
    now = FakeClock()
    rush = Rush(now)
    for number in range(rate_hz):
        now.s = number / rate_hz
        rush.note()
    assert rush.is_on is is_on


def test_a_few_frames_at_once_are_no_rush_and_a_rush_ends() -> None:
    now = FakeClock()
    rush = Rush(now)
    now.s = 1.0
    rush.note(int(BUSY_HZ * LOOK_S) - 1)
    assert not rush.is_on
    for number in range(1000):
        now.s = 1.0 + number / 1000
        rush.note()
    assert rush.is_on
    for number in range(10):
        now.s = 2.0 + number / 50
        rush.note()
    assert not rush.is_on


@pytest.mark.parametrize("rush", [False, True])
def test_who_comes_in_the_midst_of_it_gets_all_and_it_is_looked_for_it_once_in_a_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rush: bool
) -> None:
    monkeypatch.setattr(Rush, "note", lambda it, _messages=1: setattr(it, "is_on", rush))
    looked: list[int] = []
    look = SocketReader.kick_if_pending

    def note_and_look(reader: SocketReader) -> None:
        looked.append(1)
        look(reader)

    monkeypatch.setattr(SocketReader, "kick_if_pending", note_and_look)

    async def scene() -> None:
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        address = ipc_address(tmp_path, "gateway")
        publisher = Publisher(context, address, PORTS, high_water=10_000)

        def send(first: int, count: int) -> None:
            for index in range(first, first + count):
                block = Audio(session="local", position=index * 320, pcm=bytes(640))
                publisher.publish("audio", block)

        send(0, 100)
        await asyncio.sleep(0)
        assert len(looked) == (1 if rush else 100)
        consumer = RecordingConsumer(context, address, INPUTS)
        for first in range(100, ALL, 3):
            send(first, 3)
            await asyncio.sleep(0)
        await until(lambda: len(consumer.positions()) >= ALL)
        assert consumer.positions() == list(range(ALL))
        assert consumer.counters["audio.lost"] == 0
        consumer.subscriber.close()
        publisher.close()
        context.destroy(linger=0)

    asyncio.run(scene())
