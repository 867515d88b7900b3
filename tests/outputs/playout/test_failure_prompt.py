"""What is said when nobody can answer."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fake_devices import FakeDevice, fake_speaker, patient  # noqa: F401
from playing import MS, audio, ended, ramp, route, speech

from actors.lib.audio.pcm import Samples, to_pcm
from actors.outputs.playout.failure_prompt import load_failure_prompt, packaged_prompt
from actors.outputs.speaker import Speaker, SpeakerOptions
from actors.outputs.wav_file import WavSink, WavSinkOptions
from pipeline.errors import ConfigError
from pipeline.frames import AnswerEnd, Outcome, PlaybackState, TurnClosed
from pipeline.testing import ActorHarness, stage

pytestmark = pytest.mark.usefixtures("patient")

PROMPT = load_failure_prompt(packaged_prompt(None), 24_000)


def write(path: Path, samples: Samples, *, rate_hz: int = 24_000, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(to_pcm(samples))
    return path


def closed(turn: str = "local:100", outcome: Outcome = Outcome.FAILED) -> TurnClosed:
    return TurnClosed(turn=turn, outcome=outcome, reason="test")


@pytest.fixture
def device() -> FakeDevice:
    return FakeDevice()


@pytest.fixture
def speaker_class(device: FakeDevice) -> type[Speaker]:
    return fake_speaker(device)


@pytest.fixture
def speaker(speaker_class: type[Speaker]) -> Iterator[ActorHarness[SpeakerOptions]]:
    with stage(speaker_class) as speaker:
        yield speaker


def test_a_turn_that_failed_is_told_so_aloud_once(
    speaker: ActorHarness, device: FakeDevice
) -> None:
    speaker.send("turns", closed(), closed())
    heard = device.play(len(PROMPT) * 2 + 480)
    assert np.array_equal(heard[: len(PROMPT)], PROMPT)
    assert not heard[len(PROMPT) :].any()
    speaker.expect_nothing("playback")
    assert speaker.actor.counters["failure_prompts"] == 1


@pytest.mark.parametrize("outcome", [Outcome.ANSWERED, Outcome.INTERRUPTED])
def test_other_outcomes_are_no_news(
    speaker: ActorHarness, device: FakeDevice, outcome: Outcome
) -> None:
    speaker.send("turns", closed(outcome=outcome))
    assert not device.play(4_800).any()


def test_it_is_heard_whatever_became_of_the_route(
    speaker: ActorHarness, device: FakeDevice
) -> None:
    speaker.send("route", route(7))
    speaker.send("turns", closed())
    assert device.play(len(PROMPT)).any()


def test_it_does_not_speak_over_the_user(speaker: ActorHarness, device: FakeDevice) -> None:
    speaker.send("speech", speech(200))
    speaker.send("turns", closed("local:100"))
    assert not device.play(len(PROMPT)).any()


def test_the_user_can_interrupt_it(speaker: ActorHarness, device: FakeDevice) -> None:
    speaker.send("turns", closed())
    device.play(4_800)
    speaker.send("speech", speech(200))
    assert not device.play(len(PROMPT))[120:].any()
    speaker.expect_nothing("playback")


def test_what_was_left_of_the_answer_that_broke_off_gives_way(
    speaker: ActorHarness, device: FakeDevice
) -> None:
    speaker.send("audio", audio(ramp(100 * MS)))
    device.play(200 * MS)
    speaker.send("turns", closed())
    assert device.play(len(PROMPT)).any()


def test_it_does_not_cut_into_the_answer_to_another_turn(
    speaker: ActorHarness, device: FakeDevice
) -> None:
    speaker.send("audio", audio(ramp(1_000 * MS), turn="local:200"))
    speaker.send("answer", ended(1_000 * MS, turn="local:200"))
    device.play(100 * MS)
    speaker.send("turns", closed("local:100"))
    assert np.array_equal(device.play(900 * MS), ramp(1_000 * MS)[100 * MS :])
    assert not device.play(len(PROMPT)).any()
    assert speaker.actor.counters["failure_prompts_left_out"] == 1


def test_another_backend_may_still_be_heard_after_it(
    speaker: ActorHarness, device: FakeDevice
) -> None:
    speaker.send("audio", audio(ramp(100 * MS)))
    speaker.send("answer", ended(100 * MS, AnswerEnd.FAILED))
    device.play(100 * MS)
    speaker.send("turns", closed())
    device.play(len(PROMPT))
    speaker.send("audio", audio(ramp(100 * MS), turn="local:200"))
    assert device.play(100 * MS).any()
    speaker.settle()
    states = [frame.state for frame in speaker.sent["playback"]]
    assert states == [PlaybackState.STARTED, PlaybackState.INTERRUPTED, PlaybackState.STARTED]


def test_any_wav_file_will_do(tmp_path: Path) -> None:
    tone = (np.sin(np.arange(8_000) * 2 * np.pi * 440 / 8_000) * 8_000).astype(np.int16)
    stereo = np.repeat(tone, 2)
    loaded = load_failure_prompt(
        write(tmp_path / "own.wav", stereo, rate_hz=8_000, channels=2), 24_000
    )
    assert len(loaded) == pytest.approx(24_000, abs=10)
    assert np.argmax(np.abs(np.fft.rfft(loaded[:12_000]))) * 2 == 440


BROKEN = {
    "missing": lambda path: None,
    "no sound file": lambda path: path.write_text("hello"),
    "empty": lambda path: write(path, np.zeros(0, np.int16)),
    "silent": lambda path: write(path, np.zeros(1_000, np.int16)),
    "cut off": lambda path: path.write_bytes(packaged_prompt(None).read_bytes()[:20]),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_prompt_is_an_error_of_the_config(tmp_path: Path, what: str) -> None:
    BROKEN[what](tmp_path / "own.wav")
    options = WavSinkOptions(failure_prompt=Path("own.wav"))
    with pytest.raises(ConfigError, match=r"failure_prompt: .*own\.wav.* null for none"):
        WavSink.check(options, tmp_path)


def test_no_prompt_is_a_choice(speaker_class: type[Speaker], device: FakeDevice) -> None:
    with stage(speaker_class, failure_prompt=None) as speaker:
        speaker.send("turns", closed())
        assert not device.play(4_800).any()


def test_the_option_is_known_by_its_old_name_too() -> None:
    assert WavSinkOptions.model_validate({"notice": None}).failure_prompt is None
