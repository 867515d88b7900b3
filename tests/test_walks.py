"""What a reader has to open to follow a piece of sound: counted, and kept short."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import zmq
from fake_devices import FakeDevice
from live_server import KEY, ready, simulator, staged
from walks import walk

from actors.backends.fault_info import FaultInfo
from actors.backends.gemini.faults import CloseReason
from actors.backends.gemini.http import Http, HttpOptions
from actors.backends.gemini.live.options import LiveOptions
from actors.backends.realtime.reconnect_policy import Decision
from actors.backends.turnwise.turns import Begin
from actors.inputs.microphone import Microphone
from actors.lib.audio.device_stream import DeviceStream, Fill, Take
from actors.outputs.speaker import Speaker
from actors.simulator.tts import tone
from pipeline.actor import Actor
from pipeline.bus import Inlet, Publisher, Subscriber
from pipeline.bus.pace import SoundPace
from pipeline.bus.pacer import Pacer
from pipeline.config.model import PipelineConfig
from pipeline.frames import Fault, Route, SpeechStarted, UserText
from pipeline.sessions import PlaybackScope
from pipeline.surroundings import Surroundings
from pipeline.testing import ActorHarness
from pipeline.turns.open_sessions import OpenSessions
from pipeline.turns.route_events import Switch

BLOCK = 320
THE_BUS = "the bus"
LINK = "actors/backends/gemini/live/link.py"
RECEIVER = "actors/backends/gemini/live/receiver.py"
"""Where a message comes off the socket, before anybody is given what is in it."""
SUPERVISOR = "pipeline/supervision/supervisor.py"
"""Reads a fault off the bus and publishes the route; here the test does."""
ResultT = TypeVar("ResultT")


@pytest.fixture
def device() -> FakeDevice:
    return FakeDevice()


class Room:
    """`live` and its neighbours in one process, with the bus between them."""

    def __init__(self, live: ActorHarness[LiveOptions], folder: Path) -> None:
        self.live = live
        self._folder = folder
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._open: list[Publisher | Subscriber] = []
        self._actors: list[Actor[Any]] = []
        self._published = live.actor._publish

    def surroundings(self, name: str) -> Surroundings:
        folder = self._folder
        return Surroundings(name, folder, folder, folder, started_ns=time.monotonic_ns())

    def start(self, actor: Actor[Any]) -> None:
        self._actors.append(actor)
        self._do(self._start(actor))

    def connect(self, producer: Actor[Any], consumer: Actor[Any], *ports: str) -> None:
        self._do(self._connect(producer, consumer, ports))

    def close(self) -> None:
        for each in self._open:
            each.close()
        for actor in self._actors:
            self._do(actor.stop())
        self._context.destroy(linger=0)

    async def _start(self, actor: Actor[Any]) -> None:
        actor.bind(self._publisher(actor).publish)
        await actor.start()
        actor.open_own_session()

    async def _connect(
        self, producer: Actor[Any], consumer: Actor[Any], ports: tuple[str, ...]
    ) -> None:
        if producer is self.live.actor:
            self.live.actor._publish = self._publisher(producer).publish
        pacer = Pacer(SoundPace(consumer.name, consumer.inputs, frozenset(ports)), consumer.receive)
        subscriber = Subscriber(
            self._context,
            self._address(producer),
            {port: Inlet(port, consumer.inputs[port]) for port in ports},
            pacer.receive,
            consumer=consumer.name,
            counters=consumer.counters,
            on_garbage=lambda port, problem: pytest.fail(f"{port}: {problem}"),
        )
        self._open.append(subscriber)
        await subscriber.connected()

    def _publisher(self, actor: Actor[Any]) -> Publisher:
        publisher = Publisher(self._context, self._address(actor), actor.outputs, high_water=1000)
        self._open.append(publisher)
        return publisher

    def _address(self, actor: Actor[Any]) -> str:
        return f"ipc://{self._folder}/{actor.name}"

    def _do(self, work: Awaitable[ResultT]) -> ResultT:
        return self.live._loop.run_until_complete(work)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    with simulator(tmp_path) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        opened = Room(live, tmp_path)
        try:
            yield opened
        finally:
            opened.close()


def test_a_block_of_the_microphone_on_its_way_to_the_live_socket(
    room: Room, device: FakeDevice
) -> None:
    class FakeMicrophone(Microphone):
        def open_stream(self, take: Take) -> DeviceStream:
            return device.open(take)

    live = room.live
    microphone = FakeMicrophone(Microphone.options_type(), room.surroundings("microphone"))
    room.start(microphone)
    room.connect(microphone, live.actor, "audio")
    noise = np.random.default_rng(1).integers(-9000, 9000, 4 * BLOCK).astype(np.int16)

    def speak(block: int) -> None:
        assert device.call is not None
        sent = live.actor.counters["audio_bytes"]
        device.call(noise[block * BLOCK : (block + 1) * BLOCK], 16_000, 0.0, False)
        if block:
            live.until(lambda: live.actor.counters["audio_bytes"] > sent, "on the socket")

    speak(0)
    live.until(lambda: live.actor.sessions["local"].ring.end > 0, "the first block")
    start = live.actor.sessions["local"].ring.start
    live.send("speech", SpeechStarted(turn=f"local:{start}", position=start, at_ns=1))
    for block in (1, 2):
        speak(block)
    with walk(noise[3 * BLOCK :].tobytes()) as walked:
        speak(3)
    assert walked.steps == [
        "actors/inputs/microphone.py",
        "actors/lib/audio/resample.py",
        "actors/lib/audio/pcm.py",
        THE_BUS,
        "actors/backends/backend.py",
        "actors/backends/realtime/session.py",
        LINK,
        "actors/backends/gemini/live/messages.py",
        "actors/backends/audio_ring.py",
    ]
    assert len(walked.within("actors/backends/realtime/")) <= 3


def test_a_chunk_of_an_answer_on_its_way_to_the_device(room: Room, device: FakeDevice) -> None:
    class FakeSpeaker(Speaker):
        def open_stream(self, fill: Fill) -> DeviceStream:
            return device.open(fill)

    live = room.live
    speaker = FakeSpeaker(Speaker.options_type(), room.surroundings("speaker"))
    room.start(speaker)
    room.connect(live.actor, speaker, "audio", "answer")
    spoken = tone(len("You said: one."))

    def play(turn: str) -> None:
        """Ask, and listen to the answer to its end."""
        live.send("text", UserText(turn=f"local:{turn}", text=turn))
        playback = speaker.sessions["local"]
        live.until(lambda: not playback.is_idle, "an answer")
        while not playback.is_idle:
            device.play(480)
            live.settle()

    play("one")
    with walk(spoken) as walked:
        play("two")
    assert [RECEIVER, *walked.steps] == [
        RECEIVER,
        "actors/backends/gemini/live/events.py",
        "actors/backends/realtime/session.py",
        "actors/backends/realtime/downlink.py",
        "actors/backends/answer.py",
        "actors/backends/session.py",
        THE_BUS,
        "actors/outputs/player.py",
        "actors/outputs/session_playback.py",
        "actors/outputs/playout/playout.py",
        "actors/outputs/playout/answer_buffer.py",
        "actors/lib/audio/pcm.py",
        "actors/outputs/far_end.py",
        "actors/outputs/speaker.py",
    ]


def test_a_quota_fault_on_its_way_to_http_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    ports = {"audio", "speech", "text", "route"}
    backends = ["live", "http"]
    config = PipelineConfig.model_validate(
        {
            "name": "test",
            "actors": {name: {"use": name} for name in backends},
            "route": {"backends": backends},
        }
    )
    supervised = OpenSessions(config, PlaybackScope.NONE, now_ns=0)
    rule = {"when": {"turn": 1}, "do": ["quota"]}
    with simulator(tmp_path, rule) as server, staged(tmp_path, ports, **server.address) as live:
        options = HttpOptions.model_validate(server.address)
        surroundings = replace(live.actor.surroundings, name="http")
        http = ActorHarness(Http(options, surroundings), live._loop)
        http.begin()
        for each in (live, http):
            supervised.handle(each.actor.name, ready(each), time.monotonic_ns())
        for each in (live, http):
            each.send("route", Route(owner="live", epoch=1, reason="for the test"))
        followed = (CloseReason, FaultInfo, Decision, Fault, Switch, Route, Begin)
        typed = UserText(session="local", turn="local:t1", text="Hello.")
        supervised.handle("console", typed, time.monotonic_ns())
        http.send("text", typed)
        with walk(b"", *followed) as walked:
            live.send("text", typed)
            said = supervised.handle("live", live.expect("faults", Fault), time.monotonic_ns())
            (route,) = [each for each in said if isinstance(each, Route)]
            http.send("route", route)
            http.until(lambda: http.actor.counters["answers_begun"] == 1, "at work")
        live._loop.run_until_complete(_end(http))
    assert [LINK, *walked.steps, SUPERVISOR] == [
        LINK,
        "actors/backends/gemini/close_reason.py",
        "actors/backends/gemini/faults.py",
        "actors/backends/gemini/live/service.py",
        "actors/backends/gemini/keys.py",
        "actors/backends/realtime/link.py",
        "actors/backends/realtime/connection_loop.py",
        "actors/backends/realtime/reconnect_policy.py",
        "actors/backends/realtime/status_reporter.py",
        "actors/backends/backend.py",
        THE_BUS,
        "pipeline/turns/open_sessions.py",
        "pipeline/turns/conversation.py",
        "pipeline/turns/ledger.py",
        "pipeline/turns/route.py",
        "pipeline/turns/breaker.py",
        "actors/backends/turnwise/backend.py",
        "actors/backends/turnwise/session.py",
        "actors/backends/turnwise/turns.py",
        SUPERVISOR,
    ]


async def _end(under_test: ActorHarness[Any]) -> None:
    """Stop one of two that share a loop."""
    assert under_test._life is not None
    under_test._life.cancel()
    await asyncio.gather(under_test._life, return_exceptions=True)
    await under_test.actor.cancel_tasks()
    await under_test.actor.stop()
