"""The speech models of the device backend: loaded when they are needed, not before."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from device_turns import QUOTA, loaded, spoken_turn

from actors.backends.on_device import Device, DeviceOptions
from pipeline.errors import ConfigError
from pipeline.frames import (
    BackendState,
    BackendStatus,
    Route,
)
from pipeline.registry import find_actor
from pipeline.testing import stage


def test_nothing_is_loaded_until_a_backend_is_in_trouble() -> None:
    with stage(Device) as device:
        status = device.expect("status", BackendStatus, lambda s: s.state is BackendState.READY)
        assert status.backend == "device"
        device.send("route", Route(owner="live", epoch=1, reason="start"))
        ready = BackendStatus(backend="live", state=BackendState.READY)
        device.send("backends", ready, status)
        for port, frame in spoken_turn("cards-001.wav"):
            device.send(port, frame)
        assert device.actor.counters["model_loads"] == 0
        device.send("backends", QUOTA)
        device.until(lambda: loaded(device), "loading")
        assert device.actor.counters["model_loads"] == 1
        device.expect_nothing("answer")


@pytest.mark.parametrize(
    "trouble",
    [
        BackendStatus(backend="live", state=BackendState.DEGRADED, retry_after_s=1.0),
        BackendStatus(backend="http", state=BackendState.UNAVAILABLE),
    ],
)
def test_backend_that_cannot_answer_makes_the_device_ready(trouble: BackendStatus) -> None:
    with stage(Device) as device:
        device.send("backends", trouble)
        device.until(lambda: loaded(device), "loading")


def test_models_are_loaded_at_the_start_if_wanted() -> None:
    with stage(Device, load="at_start") as device:
        assert loaded(device)


def test_a_language_of_the_config_without_a_voice_does_not_end_the_process() -> None:
    with stage(Device) as device:
        device.actor.surroundings = replace(device.actor.surroundings, language="xx")
        device.send("backends", QUOTA)
        device.until(lambda: loaded(device), "loading")


def test_heartbeats_go_on_while_the_models_are_loaded() -> None:
    """In a process of its own: elsewhere the models may be there already."""
    script = """
import asyncio, time
from actors.lib.speech.recognizer import MoonshineRecognizer
from actors.lib.speech.synthesizer import HibariSynthesizer

async def main():
    engines = MoonshineRecognizer(), HibariSynthesizer()
    loading = asyncio.gather(*(engine.start() for engine in engines))
    beats = 0
    while not (await asyncio.wait({loading}, timeout=0.01))[0]:
        beats += 1
    await asyncio.gather(*(engine.stop() for engine in engines))
    print(beats)

asyncio.run(main())
"""
    printed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert int(printed.stdout) > 5


def test_name_in_a_config_finds_the_device_without_loading_anything() -> None:
    script = """
import sys
from pathlib import Path
from pipeline.registry import find_actor
assert find_actor("device", Path()).__name__ == "Device"
print(sorted({"moonshine_voice", "hibari", "onnxruntime", "httpx2"} & sys.modules.keys()))
"""
    printed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert printed.stdout.strip() == "[]"
    assert find_actor("device", Path()) is Device


def test_missing_speech_package_is_named_before_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> Any:
        return None if name == "hibari" else object()

    monkeypatch.setattr("actors.backends.on_device.requirements.find_spec", find)
    with pytest.raises(ConfigError, match="needs hibari-tts: install"):
        Device.check(DeviceOptions(), Path())
