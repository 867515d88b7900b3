"""What a reader has to open to follow a piece of sound: counted, and kept short."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_devices import FakeDevice, fake_microphone, fake_speaker
from live_server import KEY, ready, simulator, staged
from walks import walk
from wired_room import Room

from actors.backends.fault_info import FaultInfo
from actors.backends.gemini.faults import CloseReason
from actors.backends.gemini.http import Http, HttpOptions
from actors.backends.realtime.reconnect_policy import Decision
from actors.backends.turnwise.turns import Begin
from actors.simulator.tts import tone
from pipeline.config.model import PipelineConfig
from pipeline.frames import Fault, Route, SpeechStarted, UserText
from pipeline.sessions import PlaybackScope
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


@pytest.fixture
def device() -> FakeDevice:
    return FakeDevice()


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
    live = room.live
    microphone = room.start(fake_microphone(device), "microphone")
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
    live = room.live
    speaker = room.start(fake_speaker(device), "speaker")
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
        "actors/backends/gemini/live/sound_message.py",
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
        "actors/backends/gemini/live/session_places.py",
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
