"""Microphones and speakers that exist in a test only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from actors.inputs.microphone import Microphone
from actors.lib.audio import reopening_stream
from actors.lib.audio.device_stream import DeviceStream, Fill, Take
from actors.lib.audio.pcm import Samples
from actors.outputs.speaker import Speaker
from pipeline.backoff import Backoff
from pipeline.errors import DeviceError
from pipeline.frames import ActorState
from pipeline.testing import ActorHarness


@dataclass
class FakeStream:
    active: bool = True
    closed: bool = False

    def close(self) -> None:
        self.active = False
        self.closed = True


@dataclass
class FakeDevice:
    """Can be plugged in and out; `call` is what the device's thread would call."""

    present: bool = True
    tries: int = 0
    streams: list[FakeStream] = field(default_factory=list)
    call: Callable[..., Any] | None = None
    changed: threading.Event = field(default_factory=threading.Event)

    def open(self, call: Callable[..., Any]) -> FakeStream:
        self.tries += 1
        if not self.present:
            raise DeviceError("no such device")
        self.call = call
        self.streams.append(FakeStream())
        return self.streams[-1]

    def play(self, samples: int, *, block: int = 240, rate_hz: int = 24_000) -> Samples:
        """Ask a speaker for so many samples."""
        assert self.call is not None
        blocks = [self.call(block, rate_hz, 0.02, False) for _ in range(-(-samples // block))]
        return np.concatenate(blocks)

    def unplug(self) -> None:
        self.present = False
        self.streams[-1].active = False


def fake_microphone(device: FakeDevice) -> type[Microphone]:
    class FakeMicrophone(Microphone):
        def open_stream(self, take: Take) -> DeviceStream:
            return device.open(take)

    return FakeMicrophone


def fake_speaker(device: FakeDevice) -> type[Speaker]:
    class FakeSpeaker(Speaker):
        def open_stream(self, fill: Fill) -> DeviceStream:
            return device.open(fill)

    return FakeSpeaker


def until_ready(stage: ActorHarness[Any], call: Callable[[], object]) -> None:
    """Call back, as a device does again and again, until the actor says that it is back."""

    def ready() -> bool:
        if stage.actor.state is ActorState.READY:
            return True
        call()
        return False

    stage.until(ready, "readiness")


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test calls back when it likes, and the device is there all the same."""
    monkeypatch.setattr(reopening_stream, "STALL_S", 3600.0)
    monkeypatch.setattr(reopening_stream, "PROOF_S", 0.0)
    monkeypatch.setattr(reopening_stream, "REOPEN", Backoff(0.01, 0.02))
