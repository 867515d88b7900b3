"""Sound that waits, on real sockets: it comes before the frame that makes it matter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import zmq
from test_bus import block
from test_pace import ended, route, started

import pipeline.bus.pacer
from pipeline.bus import Publisher, ipc_address
from pipeline.bus.pace import SoundPace
from pipeline.bus.pacer import Pacer
from pipeline.frames import Audio, Frame, Route, SpeechEnded, SpeechStarted
from pipeline.ports import In, Out
from tests.helpers.recording_consumer import RecordingConsumer, until

INPUTS = {
    "audio": In((Audio,)),
    "speech": In((SpeechStarted, SpeechEnded)),
    "route": In((Route,)),
}
NEVER_S = 60.0
"""Longer than the tests wait for anything."""


class Scene:
    """A microphone, who finds the turns and decides the route, a backend, and one who hears all."""

    def __init__(self, folder: Path, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        addresses = [ipc_address(folder, name) for name in ("mic", "vad")]
        ports = {port: Out(spec.types) for port, spec in INPUTS.items()}
        self.mic, self.vad = (Publisher(context, each, ports, high_water=0) for each in addresses)
        self.heard: list[Frame] = []
        pace = SoundPace("http", INPUTS, INPUTS)
        self.pacer = Pacer(pace, lambda _port, frame: self.heard.append(frame))
        self.prompt = RecordingConsumer(context, addresses[0], {"audio": INPUTS["audio"]})
        self.consumers = [
            RecordingConsumer(context, addresses[0], {"audio": INPUTS["audio"]}),
            RecordingConsumer(
                context, addresses[1], {port: INPUTS[port] for port in ("speech", "route")}
            ),
        ]
        for consumer in self.consumers:
            consumer.subscriber._deliver = self.pacer.receive
            self.pacer.add(consumer.subscriber)

    async def speak(self, *blocks: int) -> None:
        """Return when everybody may have heard it."""
        for index in blocks:
            self.mic.publish("audio", block(index))
        await until(lambda: self.prompt.positions()[-1:] == [blocks[-1]])

    async def say(self, port: str, frame: Frame) -> None:
        self.vad.publish(port, frame)
        await until(lambda: [type(each) for each in self.heard][-1:] == [type(frame)])

    def positions(self) -> list[int]:
        return [frame.position // 320 for frame in self.heard if isinstance(frame, Audio)]


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    there = Scene(folder, context)
    consumers = [*there.consumers, there.prompt]
    for consumer in consumers:
        await consumer.subscriber.connected()
    try:
        yield there
    finally:
        there.pacer.close()
        for consumer in consumers:
            consumer.subscriber.close()
        there.mic.close()
        there.vad.close()
        context.destroy(linger=0)


@pytest.fixture(autouse=True)
def _no_timers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline.bus.pacer, "RELAXED_S", NEVER_S)
    monkeypatch.setattr(pipeline.bus.pacer, "LINGER_S", 0.0)


def test_sound_may_wait_until_a_turn_begins_and_not_before_it_has_ended(tmp_path: Path) -> None:
    async def play() -> None:
        async with scene(tmp_path) as there:
            await there.speak(0, 1, 2)
            assert not there.heard
            await there.say("speech", started())
            assert [type(frame) for frame in there.heard] == [Audio] * 3 + [SpeechStarted]
            await there.speak(3, 4)
            await until(lambda: there.positions() == [0, 1, 2, 3, 4])
            await there.say("speech", ended())
            await until(lambda: there.pacer._slowing is None)
            await there.speak(5)
            assert there.positions() == [0, 1, 2, 3, 4]
            await there.say("speech", started())
            assert there.positions() == [0, 1, 2, 3, 4, 5]

    asyncio.run(play())


def test_who_gets_the_turns_is_told_before_it_has_all_of_the_one_that_is_spoken(
    tmp_path: Path,
) -> None:
    async def play() -> None:
        async with scene(tmp_path) as there:
            await there.say("route", route("live"))
            await there.say("speech", started())
            await there.speak(0, 1)
            assert not there.positions()
            there.vad.publish("route", route("http"))
            await until(lambda: there.positions() == [0, 1])
            assert [type(frame) for frame in there.heard[-3:]] == [Route, Audio, Audio]
            await there.speak(2)
            await until(lambda: there.positions() == [0, 1, 2])

    asyncio.run(play())


def test_the_last_blocks_of_a_turn_may_come_after_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline.bus.pacer, "LINGER_S", NEVER_S)

    async def play() -> None:
        async with scene(tmp_path) as there:
            await there.say("speech", started())
            await there.say("speech", ended())
            await there.speak(0)
            await until(lambda: there.positions() == [0])

    asyncio.run(play())
