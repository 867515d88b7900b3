"""The person at this machine: what the microphone hears is said, what is heard is played."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from actors.cli.calling import microphone_caller
from actors.cli.calling.hearing import Hearing
from actors.cli.calling.microphone_caller import MicrophoneCaller
from actors.inputs.console.lines import LineReader
from actors.lib.audio.pcm import Samples

HEARING = Hearing(8_000, lambda _: None)


class Devices:
    """A microphone and a speaker that do what the test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.take: Any = None
        self.fill: Any = None
        self.closed = 0
        monkeypatch.setattr(microphone_caller, "open_input", self._open_input)
        monkeypatch.setattr(microphone_caller, "open_output", self._open_output)

    def close(self) -> None:
        self.closed += 1

    def _open_input(self, *arguments: Any) -> Devices:
        self.take = arguments[-1]
        return self

    def _open_output(self, *arguments: Any) -> Devices:
        self.fill = arguments[-1]
        return self


@pytest.fixture
def devices(monkeypatch: pytest.MonkeyPatch) -> Devices:
    return Devices(monkeypatch)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Where a test types what the caller reads."""
    reading, writing = os.pipe()
    monkeypatch.setattr(microphone_caller, "STDIN_FD", reading)
    yield writing
    for each in (reading, writing):
        os.close(each)


def tone(rate_hz: int, seconds: float) -> Samples:
    times = np.arange(round(rate_hz * seconds)) / rate_hz
    return (9_000 * np.sin(2 * np.pi * 400 * times)).astype(np.int16)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate_hz", [8_000, 48_000])
def test_what_the_microphone_hears_is_said_in_blocks_of_the_line(
    devices: Devices, typed: int, rate_hz: int, channels: int
) -> None:
    async def talk() -> list[Samples]:
        said = []
        async with MicrophoneCaller(8_000) as caller:
            assert caller.speak(0.0, HEARING) is None
            for block in np.split(tone(rate_hz, 1.0), 50):
                sound = np.stack([block] * channels, axis=1)
                devices.take(sound[:, 0] if channels == 1 else sound, rate_hz, 0.0, False)
                said.append(caller.speak(0.0, HEARING))
        return [each for each in said if each is not None]

    said = asyncio.run(talk())
    assert {len(each) for each in said} == {160}
    assert len(said) >= 47
    spectrum = np.abs(np.fft.rfft(np.concatenate(said)))
    assert np.argmax(spectrum) * 8_000 / (160 * len(said)) == pytest.approx(400, abs=5)
    assert devices.closed == 2


def test_who_was_late_says_only_the_newest(devices: Devices, typed: int) -> None:
    async def talk() -> int:
        async with MicrophoneCaller(8_000) as caller:
            devices.take(tone(8_000, 3.0), 8_000, 0.0, False)
            blocks = 0
            while caller.speak(0.0, HEARING) is not None:
                blocks += 1
            return blocks

    assert asyncio.run(talk()) == 10


@pytest.mark.parametrize("rate_hz", [8_000, 48_000])
def test_what_is_heard_is_played_and_then_silence(
    devices: Devices, typed: int, rate_hz: int
) -> None:
    async def listen() -> Samples:
        async with MicrophoneCaller(8_000) as caller:
            played = []
            for block in np.split(tone(8_000, 1.0), 50):
                caller.listen(block)
                played.append(devices.fill(rate_hz // 50, rate_hz, 0.0, False))
            played += [devices.fill(rate_hz // 50, rate_hz, 0.0, False) for _ in range(5)]
            return np.concatenate(played)

    played = asyncio.run(listen())
    assert len(played) == rate_hz // 50 * 55
    assert np.abs(played[: rate_hz // 2]).max() > 8_000
    assert not played[-rate_hz // 50 :].any()


def test_a_speaker_slower_than_the_line_leaves_out_what_is_old(
    devices: Devices, typed: int
) -> None:
    async def listen() -> int:
        async with MicrophoneCaller(8_000) as caller:
            for block in np.split(tone(8_000, 10.0), 500):
                caller.listen(block)
                devices.fill(150, 8_000, 0.0, False)
            left = 0
            while devices.fill(160, 8_000, 0.0, False).any():
                left += 1
            return left

    assert 10 <= asyncio.run(listen()) <= 12


def test_keys_are_typed_and_pressed_one_by_one(
    devices: Devices, typed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    line_came = asyncio.Event()
    monkeypatch.setattr(LineReader, "taken", lambda _: line_came.set())

    async def press() -> list[str | None]:
        async with MicrophoneCaller(8_000) as caller:
            os.write(typed, b"1x#\n")
            async with asyncio.timeout(10):
                await line_came.wait()
            assert not caller.hangs_up(0.0, HEARING)
            return [caller.press(at_s) for at_s in (0.0, 0.1, 0.3, 1.0)]

    assert asyncio.run(press()) == ["1", None, "#", None]
