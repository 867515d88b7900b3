"""Deaf microphones, dead channels and wrong rates, told from the sound itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from actors.lib.audio.channels import FINDING_S, ChannelChoice
from actors.lib.audio.decode import decode
from actors.lib.audio.pcm import Samples
from actors.lib.audio.rate_watch import RateWatch
from actors.lib.audio.signal_watch import (
    HUM_S,
    NEVER_HEARD_S,
    NO_MORE_HEARD_S,
    SignalProblem,
    SignalWatch,
)

SPEECH = Path(__file__).parents[2] / "speech"
RATE_HZ, BLOCK = 16_000, 320


def said() -> Samples:
    return np.concatenate(list(decode(SPEECH / "austen-0890.wav")))


def quiet_room(seconds: float) -> Samples:
    noise = np.random.default_rng(1).normal(0, 3, round(seconds * RATE_HZ))
    return noise.astype(np.int16)


def hum(seconds: float, hz: float = 50.0, level: float = 3_000) -> Samples:
    at = np.arange(round(seconds * RATE_HZ)) * 2 * np.pi * hz / RATE_HZ
    return (np.sin(at) * level + np.sin(3 * at) * level / 10).astype(np.int16)


def constant(value: int, seconds: float) -> Samples:
    return np.full(round(seconds * RATE_HZ), value, np.int16)


def after(*sounds: Samples) -> SignalProblem:
    watch = SignalWatch()
    sound = np.concatenate(sounds)
    for at in range(0, len(sound), 12 * BLOCK):
        watch.watch(sound[at : at + BLOCK], 12 * BLOCK)
    return watch.problem


@pytest.mark.parametrize(
    ("sounds", "problem"),
    [
        ([constant(0, NEVER_HEARD_S + 1)], SignalProblem.ZEROS),
        ([constant(-7, NEVER_HEARD_S + 1)], SignalProblem.CONSTANT),
        ([constant(0, NEVER_HEARD_S - 1)], SignalProblem.NONE),
        ([said(), constant(0, NO_MORE_HEARD_S + 1)], SignalProblem.ZEROS),
        ([said(), constant(0, NO_MORE_HEARD_S - 1)], SignalProblem.NONE),
        ([constant(0, NO_MORE_HEARD_S), quiet_room(0.1)], SignalProblem.NONE),
        ([hum(HUM_S + 1)], SignalProblem.HUM),
        ([hum(HUM_S + 1, hz=60.0, level=20_000)], SignalProblem.HUM),
        ([hum(HUM_S + 1), said()], SignalProblem.NONE),
        ([hum(HUM_S - 5), said()[:RATE_HZ], hum(HUM_S - 5)], SignalProblem.NONE),
        ([quiet_room(HUM_S + 20)], SignalProblem.NONE),
        ([said(), said(), said(), said(), said()], SignalProblem.NONE),
    ],
)
def test_what_is_wrong_with_the_sound(sounds: list[Samples], problem: SignalProblem) -> None:
    assert after(*sounds) is problem


def chosen(*channels: Samples, named: int | None = None) -> tuple[Samples, str]:
    choice = ChannelChoice(named)
    heard = np.stack(channels, axis=1)
    blocks = [choice.mix(heard[at : at + BLOCK], RATE_HZ) for at in range(0, len(heard), BLOCK)]
    return np.concatenate(blocks), choice.finding


def test_a_stereo_microphone_is_mixed() -> None:
    mono, finding = chosen(said(), said())

    assert np.array_equal(mono, said())
    assert finding == ""


@pytest.mark.parametrize("dead", ["zeros", "constant", "noise", "hum", "inverted"])
@pytest.mark.parametrize("order", [1, -1])
def test_a_channel_that_is_dead_or_inverted_is_left_out_and_told(dead: str, order: int) -> None:
    voice = np.tile(said(), 2)
    seconds = len(voice) / RATE_HZ
    other = {
        "zeros": np.zeros_like(voice),
        "constant": np.full_like(voice, 12_000),
        "noise": quiet_room(seconds)[: len(voice)],
        "hum": hum(seconds + 1, level=1_000)[: len(voice)],
        "inverted": -voice,
    }[dead]

    mono, finding = chosen(*(voice, other)[::order])

    late = slice(2 * RATE_HZ, None)
    wanted, heard = voice[late].astype(float), mono[late].astype(float)
    if dead == "inverted" and order == -1:
        wanted = -wanted
    assert np.corrcoef(wanted, heard)[0, 1] > 0.99
    assert heard.std() == pytest.approx(wanted.std(), rel=0.05)
    assert len(voice) > FINDING_S * RATE_HZ
    assert f"only {1 if order == 1 or dead == 'inverted' else 2} is taken" in finding


def test_of_an_array_the_first_channel_that_hears_is_taken() -> None:
    voice, dead = said(), np.zeros_like(said())
    loudspeaker = np.roll(said(), 4_000) * 2

    assert np.array_equal(chosen(voice, voice // 2, voice // 2, loudspeaker)[0], voice)
    mono, finding = chosen(dead, voice, voice // 2, loudspeaker)
    assert np.corrcoef(mono[RATE_HZ:], voice[RATE_HZ:])[0, 1] > 0.99
    assert "channel 2 is taken" in finding


def test_a_channel_may_be_named() -> None:
    voice, other = said(), quiet_room(60)[: len(said())]

    assert np.array_equal(chosen(other, voice, named=2)[0], voice)
    mono, finding = chosen(other, voice, named=5)
    assert np.array_equal(mono, voice)
    assert "no channel 5" in finding


def rate_after(said_hz: int, real_hz: int, seconds: float, *, stall_s: float = 0.0) -> RateWatch:
    watch = RateWatch()
    count = real_hz // 50
    now_ns = 0
    for block in range(round(seconds * 50)):
        now_ns += 20_000_000 + (int(stall_s * 1e9) if block == 300 else 0)
        watch.judge(count, said_hz, now_ns)
    return watch


@pytest.mark.parametrize(
    ("said_hz", "real_hz"), [(16_000, 48_000), (48_000, 44_100 // 2), (44_100, 16_000)]
)
def test_a_rate_that_is_not_what_was_said_is_found(said_hz: int, real_hz: int) -> None:
    watch = rate_after(said_hz, real_hz, 12)

    assert watch.judge(0, said_hz, 13 * 10**9) == pytest.approx(real_hz, rel=0.01)
    assert f"gives {real_hz} samples a second" in watch.problem


@pytest.mark.parametrize("stall_s", [0.0, 1.0, 7.0])
def test_a_stall_or_a_drifting_clock_is_no_wrong_rate(stall_s: float) -> None:
    assert rate_after(16_000, 15_950, 40, stall_s=stall_s).problem == ""
