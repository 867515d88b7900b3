from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest
from fake_devices import FakeDevice, fake_microphone, patient, until_ready  # noqa: F401

from actors.inputs.microphone import BlockCutter, Microphone
from actors.lib.audio.pcm import Samples, to_samples
from pipeline.errors import DeviceError
from pipeline.frames import ActorState, Audio
from pipeline.testing import ActorHarness, stage

pytestmark = pytest.mark.usefixtures("patient")

BLOCK = 320


@pytest.fixture
def device() -> FakeDevice:
    return FakeDevice()


@pytest.fixture
def microphone_class(device: FakeDevice) -> type[Microphone]:
    return fake_microphone(device)


@pytest.fixture
def microphone(microphone_class: type[Microphone]) -> Iterator[ActorHarness]:
    with stage(microphone_class) as microphone:
        yield microphone


def say(
    device: FakeDevice,
    samples: Samples,
    *,
    block: int = BLOCK,
    rate_hz: int = 16_000,
    age_s: float = 0.02,
    overflow: bool = False,
) -> None:
    assert device.call is not None
    for first in range(0, len(samples), block):
        device.call(samples[first : first + block], rate_hz, age_s, overflow)


def count_up(samples: int, first: int = 0) -> Samples:
    return (np.arange(first, first + samples) % 30_000).astype(np.int16)


@pytest.mark.parametrize("block", [1, 100, 320, 333, 1_600])
def test_blocks_of_20_ms_whatever_the_device_calls_back_with(
    microphone: ActorHarness, device: FakeDevice, block: int
) -> None:
    say(device, count_up(3_200), block=block)
    frames = [microphone.expect("audio", Audio) for _ in range(10)]
    assert {frame.samples for frame in frames} == {BLOCK}
    heard = np.concatenate([to_samples(frame.pcm) for frame in frames])
    assert np.array_equal(heard, count_up(3_200))
    first = frames[0].position
    assert [frame.position - first for frame in frames] == [BLOCK * i for i in range(10)]


def test_position_0_is_the_start_of_the_pipeline_and_origin_the_last_sample(
    microphone: ActorHarness, device: FakeDevice
) -> None:
    started_ns = microphone.actor.surroundings.started_ns
    before_ns = time.monotonic_ns()
    say(device, count_up(BLOCK), age_s=0.05)
    after_ns = time.monotonic_ns()
    frame = microphone.expect("audio", Audio)
    # Captured from 50 to 30 ms before the call.
    assert before_ns - 30_000_001 <= frame.origin_ns <= after_ns - 30_000_000 + 1
    end = max(0, frame.origin_ns - started_ns - 20_000_000) * 16_000 // 10**9
    assert frame.position == pytest.approx(end, abs=1)


def test_samples_stay_contiguous_whatever_the_jitter_of_the_device(
    microphone: ActorHarness, device: FakeDevice
) -> None:
    for age_s in (0.02, 0.9, 0.0, 0.3):
        say(device, count_up(BLOCK), age_s=age_s)
    positions = [microphone.expect("audio", Audio).position for _ in range(4)]
    assert np.diff(positions).tolist() == [BLOCK] * 3


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 8_000])
def test_a_device_at_another_rate_is_resampled_f23(
    microphone: ActorHarness, device: FakeDevice, rate_hz: int
) -> None:
    tone = (np.sin(np.arange(rate_hz * 2) * 2 * np.pi * 440 / rate_hz) * 8_000).astype(np.int16)
    say(device, tone, block=rate_hz // 50, rate_hz=rate_hz)
    frames = [microphone.expect("audio", Audio) for _ in range(96)]
    heard = np.concatenate([to_samples(frame.pcm) for frame in frames])
    assert all(frame.rate_hz == 16_000 for frame in frames)
    spectrum = np.abs(np.fft.rfft(heard[4_000:20_000]))
    assert np.argmax(spectrum) == 440
    assert heard[4_000:20_000].std() == pytest.approx(8_000 / np.sqrt(2), rel=0.01)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("block", [64, 441, 960])
def test_each_block_has_the_time_of_its_own_first_sample(rate_hz: int, block: int) -> None:
    blocks = BlockCutter(rate_hz)
    times = []
    for first in range(0, rate_hz, block):
        called_ns = 5_000_000_000 + first * 10**9 // rate_hz
        times += [at_ns for _, at_ns in blocks.push(count_up(block), called_ns)]
    assert len(times) >= 45
    assert times == pytest.approx([5_000_000_000 + 20_000_000 * i for i in range(len(times))], 1e-8)


def test_a_restarted_microphone_goes_on_at_the_position_of_the_clock(
    microphone_class: type[Microphone], device: FakeDevice
) -> None:
    with stage(microphone_class) as microphone:
        # As if the pipeline had been running for ten minutes.
        microphone.actor._timeline._started_ns -= 600 * 10**9
        say(device, count_up(BLOCK))
        position = microphone.expect("audio", Audio).position
    assert position >= 599 * 16_000


def test_time_lost_to_an_unplugged_device_is_a_gap_in_positions_f23(
    microphone: ActorHarness, device: FakeDevice
) -> None:
    say(device, count_up(BLOCK + 100))
    before = microphone.expect("audio", Audio)
    device.unplug()
    microphone.until(lambda: device.tries > 3)
    assert microphone.actor.state is ActorState.DEGRADED
    assert "no such device" in microphone.actor.detail
    device.present = True
    microphone.until(lambda: len(device.streams) == 2)
    until_ready(microphone, lambda: say(device, count_up(2 * BLOCK, first=10_000)))
    after = microphone.expect("audio", Audio)
    # The 100 samples before the gap, too few for a block, are not joined to what comes after.
    assert to_samples(after.pcm)[0] == 10_000
    assert after.position >= before.position + BLOCK
    by_clock_ns = after.origin_ns - microphone.actor.surroundings.started_ns
    assert after.position + BLOCK == pytest.approx(by_clock_ns * 16_000 / 10**9, abs=2)
    assert microphone.expect("audio", Audio).position == after.position + BLOCK
    assert microphone.actor.counters["device_lost"] == 1


def test_overflows_are_counted(microphone: ActorHarness, device: FakeDevice) -> None:
    say(device, count_up(3 * BLOCK), overflow=True)
    say(device, count_up(BLOCK))
    microphone.settle()
    assert microphone.actor.counters["overflows"] == 3


def test_the_level_is_shown(microphone: ActorHarness, device: FakeDevice) -> None:
    say(device, np.full(BLOCK, 16_384, np.int16))
    microphone.settle()
    microphone.actor.measure()
    assert microphone.actor.gauges["level_dbfs"] == pytest.approx(-6.02, abs=0.01)


def test_a_device_missing_at_the_first_start_is_an_error(
    microphone_class: type[Microphone], device: FakeDevice
) -> None:
    device.present = False
    with pytest.raises(DeviceError, match="no such device"), stage(microphone_class):
        pass


def test_a_restart_while_unplugged_waits_for_the_device_f23(
    microphone_class: type[Microphone], device: FakeDevice
) -> None:
    device.present = False
    with stage(microphone_class, checkpoint={"had_device": True}) as microphone:
        assert microphone.actor.state is ActorState.DEGRADED
        device.present = True
        microphone.until(lambda: bool(device.streams))
        until_ready(microphone, lambda: say(device, count_up(BLOCK)))


def test_a_device_missing_at_the_start_is_waited_for_if_so_asked_f23(
    microphone_class: type[Microphone], device: FakeDevice
) -> None:
    device.present = False
    with stage(microphone_class, when_missing="wait") as microphone:
        microphone.until(lambda: device.tries > 2)
        assert microphone.actor.state is ActorState.DEGRADED
        assert microphone.actor.detail == "waiting for a microphone: no such device"
        assert not microphone.actor.counters["device_lost"]
        device.present = True
        microphone.until(lambda: bool(device.streams))
        until_ready(microphone, lambda: say(device, count_up(BLOCK)))
        say(device, count_up(BLOCK))
        microphone.expect("audio", Audio)
        device.unplug()
        microphone.until(lambda: microphone.actor.state is ActorState.DEGRADED)
        assert microphone.actor.detail.startswith("microphone: ")


def test_a_microphone_that_gives_nothing_but_zeros_says_so_until_it_hears(
    microphone: ActorHarness, device: FakeDevice
) -> None:
    say(device, np.zeros(16_000 * 6, np.int16))
    microphone.settle()
    microphone.actor.measure()
    assert microphone.actor.state is ActorState.DEGRADED
    assert "nothing but zeros" in microphone.actor.detail
    assert microphone.actor.counters["went_deaf"] == 1

    say(device, count_up(BLOCK))
    microphone.settle()
    microphone.actor.measure()
    assert (microphone.actor.state, microphone.actor.detail) == (ActorState.READY, "")


def test_zeros_of_a_driver_that_begins_are_no_deafness_however_long_nothing_came(
    microphone: ActorHarness, device: FakeDevice
) -> None:
    # As if the pipeline had been running for ten minutes.
    microphone.actor._timeline._started_ns -= 600 * 10**9
    say(device, np.zeros(16_000, np.int16))
    microphone.settle()
    microphone.actor.measure()
    assert microphone.actor.state is ActorState.READY
    assert not microphone.actor.counters["went_deaf"]


def test_a_channel_that_a_device_of_one_has_not_is_told_of(
    microphone_class: type[Microphone], device: FakeDevice
) -> None:
    with stage(microphone_class, channel=2) as microphone:
        say(device, count_up(BLOCK))
        assert np.array_equal(to_samples(microphone.expect("audio", Audio).pcm), count_up(BLOCK))
        microphone.actor.measure()
        assert "no channel 2" in microphone.actor.detail


def test_two_channels_that_cancel_each_other_are_heard_and_told(
    microphone: ActorHarness, device: FakeDevice
) -> None:
    left = (np.sin(np.arange(16_000 * 6) / 5) * 8_000).astype(np.int16)
    say(device, np.stack([left, -left], axis=1))
    microphone.settle()
    microphone.actor.measure()
    heard = np.concatenate([to_samples(microphone.expect("audio", Audio).pcm) for _ in range(300)])
    assert np.array_equal(heard, left)
    assert microphone.actor.state is ActorState.READY
    assert "only 1 is taken" in microphone.actor.detail
