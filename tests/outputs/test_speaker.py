from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from fake_devices import FakeDevice, fake_speaker, patient, until_ready  # noqa: F401
from playing import BLOCK, MS, audio, ended, ramp, route, speech, voice

from actors.lib.audio import reopening_stream
from actors.lib.audio.pcm import Samples, to_samples
from actors.outputs.speaker import Speaker
from pipeline.errors import DeviceError
from pipeline.frames import (
    ActorState,
    Audio,
    Playback,
    PlaybackState,
    SessionOpened,
    SpeechStarted,
    TentativeSpeechRejected,
)
from pipeline.testing import ActorHarness, stage

pytestmark = pytest.mark.usefixtures("patient")


@pytest.fixture
def device() -> FakeDevice:
    return FakeDevice()


@pytest.fixture
def speaker_class(device: FakeDevice) -> type[Speaker]:
    return fake_speaker(device)


@pytest.fixture
def speaker(speaker_class: type[Speaker]) -> Iterator[ActorHarness]:
    with stage(speaker_class) as speaker:
        yield speaker


def test_an_answer_is_played_and_reported_to_the_sample(
    speaker: ActorHarness, device: FakeDevice
) -> None:
    before_ns = time.monotonic_ns()
    speaker.send("audio", audio(ramp(100 * MS)))
    speaker.send("answer", ended(100 * MS))
    assert np.array_equal(device.play(100 * MS), ramp(100 * MS))
    started = speaker.expect("playback", Playback)
    assert (started.state, started.played_samples) == (PlaybackState.STARTED, 0)
    # The fake device says that a sample is heard 20 ms after it is asked for.
    assert before_ns + 20_000_000 <= started.at_ns <= time.monotonic_ns() + 20_000_000
    finished = speaker.expect("playback", Playback)
    assert (finished.state, finished.played_samples) == (PlaybackState.FINISHED, 100 * MS)
    assert speaker.actor.gauges["handover_ms"] > 0


def test_far_end_is_what_was_played_silence_included(
    speaker: ActorHarness, device: FakeDevice
) -> None:
    device.play(40 * MS)
    speaker.send("audio", audio(ramp(60 * MS)))
    played = [np.zeros(40 * MS, np.int16), device.play(60 * MS)]
    far_end = [speaker.expect("far_end", Audio) for _ in range(5)]
    assert np.array_equal(
        np.concatenate([to_samples(frame.pcm) for frame in far_end]), np.concatenate(played)
    )
    assert {frame.samples for frame in far_end} == {20 * MS}
    first = far_end[0].position
    assert [frame.position - first for frame in far_end] == [20 * MS * i for i in range(5)]
    started_ns = speaker.actor.surroundings.started_ns
    last_ns = far_end[0].origin_ns
    assert (last_ns - started_ns) * 24_000 // 10**9 == pytest.approx(first + 20 * MS, abs=2)


def test_barge_in_stops_within_one_block(speaker: ActorHarness, device: FakeDevice) -> None:
    speaker.send("audio", audio(np.full(24_000, 9_000, np.int16)))
    device.play(10 * BLOCK)
    speaker.send("speech", speech(200))
    block = device.play(BLOCK)
    assert block[0] == 9_000
    assert block[-1] == 0
    assert not device.play(BLOCK).any()
    stopped = speaker.expect(
        "playback", Playback, where=lambda e: e.state is PlaybackState.INTERRUPTED
    )
    assert stopped.played_samples == 10 * BLOCK + 5 * MS


def test_a_false_alarm_holds_the_answer_and_lets_it_go_on(
    speaker: ActorHarness, device: FakeDevice
) -> None:
    speaker.send("audio", audio(np.full(24_000, 9_000, np.int16)))
    speaker.send("answer", ended(24_000))
    device.play(10 * BLOCK)
    speaker.send("voice", voice(200))
    assert not device.play(50 * BLOCK)[5 * MS :].any()
    speaker.send("voice", TentativeSpeechRejected(turn="local:200", position=400))
    assert (device.play(10 * BLOCK)[5 * MS :] == 9_000).all()
    device.play(24_000)
    speaker.settle()
    states = [frame.state for frame in speaker.sent["playback"]]
    assert states[0] is PlaybackState.STARTED
    assert states[-1] is PlaybackState.FINISHED
    assert PlaybackState.INTERRUPTED not in states
    assert speaker.actor.counters["resumed"] == 1


def test_half_duplex_plays_on_while_the_user_speaks(
    speaker_class: type[Speaker], device: FakeDevice
) -> None:
    with stage(speaker_class, barge_in=False) as speaker:
        speaker.send("audio", audio(ramp(1_000 * MS)))
        speaker.send("voice", voice(200))
        speaker.send("speech", speech(200))
        assert device.play(1_000 * MS).all()


def test_frames_of_another_session_are_left_alone(
    speaker: ActorHarness, device: FakeDevice
) -> None:
    foreign = audio(ramp(100 * MS)).model_copy(update={"session": "caller-7"})
    speaker.open("caller-7")
    speaker.send("audio", foreign)
    assert not device.play(100 * MS).any()
    assert speaker.actor.counters["not_played_here"] == 1


def test_audio_older_than_the_route_is_dropped_and_counted(
    speaker: ActorHarness, device: FakeDevice
) -> None:
    speaker.send("route", route(3))
    speaker.send("audio", audio(ramp(100 * MS), epoch=2))
    assert not device.play(100 * MS).any()
    assert speaker.actor.counters["stale_epoch"] == 1


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
def test_a_device_with_another_rate_hears_the_same_sound(
    speaker: ActorHarness, device: FakeDevice, rate_hz: int
) -> None:
    tone = (np.sin(np.arange(24_000) * 2 * np.pi * 440 / 24_000) * 8_000).astype(np.int16)
    speaker.send("audio", audio(tone))
    speaker.send("answer", ended(len(tone)))
    heard = device.play(int(rate_hz * 1.1), block=rate_hz // 100, rate_hz=rate_hz)
    loud = np.flatnonzero(np.abs(heard) > 100)
    # The resampler holds back up to 20 ms, and no sample is lost at either end.
    assert loud[0] <= rate_hz * 0.022
    assert loud[-1] - loud[0] == pytest.approx(rate_hz, rel=0.002)
    spectrum = np.abs(np.fft.rfft(heard[loud[0] : loud[0] + rate_hz // 2]))
    assert np.argmax(spectrum) * 2 == 440
    assert speaker.expect("playback", Playback).state is PlaybackState.STARTED


def test_an_unplugged_device_holds_the_answer_where_it_was_f23(
    speaker: ActorHarness, device: FakeDevice
) -> None:
    speaker.send("audio", audio(ramp(200 * MS)))
    device.play(50 * MS)
    device.unplug()
    speaker.until(lambda: speaker.actor.state is ActorState.DEGRADED)
    speaker.until(lambda: device.tries > 3)
    assert device.streams[0].closed
    device.present = True
    speaker.until(lambda: len(device.streams) == 2)
    until_ready(speaker, lambda: device.play(BLOCK))
    heard = device.play(150 * MS)
    assert np.array_equal(heard[heard != 0], ramp(200 * MS)[50 * MS :])
    assert speaker.actor.counters["device_lost"] == 1


def test_barge_in_without_a_device_is_reported_at_once(
    speaker: ActorHarness, device: FakeDevice
) -> None:
    speaker.send("audio", audio(ramp(200 * MS)))
    device.play(50 * MS)
    device.unplug()
    speaker.until(lambda: speaker.actor.state is ActorState.DEGRADED)
    speaker.send("speech", speech(200))
    assert speaker.expect("playback", Playback).state is PlaybackState.STARTED
    stopped = speaker.expect("playback", Playback)
    assert (stopped.state, stopped.played_samples) == (PlaybackState.INTERRUPTED, 50 * MS)


def test_a_reopened_device_that_asks_for_nothing_more_swallows_no_answer(
    speaker: ActorHarness, device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reopening_stream, "PROOF_S", 3600.0)
    speaker.send("audio", audio(ramp(200 * MS)))
    device.play(50 * MS)
    device.streams[-1].active = False
    speaker.until(lambda: len(device.streams) == 2)
    assert not device.play(50 * MS).any()
    assert speaker.actor.state is ActorState.DEGRADED


def test_a_device_that_calls_no_more_is_taken_for_lost_f23(
    speaker: ActorHarness, device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    device.present = False
    monkeypatch.setattr(reopening_stream, "STALL_S", 0.01)
    speaker.until(lambda: speaker.actor.state is ActorState.DEGRADED)
    speaker.until(lambda: device.streams[0].closed)


def test_a_device_missing_at_the_first_start_is_an_error(
    speaker_class: type[Speaker], device: FakeDevice
) -> None:
    device.present = False
    with pytest.raises(DeviceError, match="no such device"), stage(speaker_class):
        pass


def test_a_restart_while_unplugged_waits_for_the_device_f23(
    speaker_class: type[Speaker], device: FakeDevice
) -> None:
    device.present = False
    with stage(speaker_class, checkpoint={"had_device": True}) as speaker:
        assert speaker.actor.state is ActorState.DEGRADED
        device.present = True
        speaker.until(lambda: bool(device.streams))
        until_ready(speaker, lambda: device.play(BLOCK))


def left_in_mid_answer(speaker_class: type[Speaker], device: FakeDevice) -> dict[str, Any]:
    """Play half an answer of 1 s; return what a successor is told."""
    with stage(speaker_class) as first:
        first.send("audio", audio(ramp(1_000 * MS)))
        device.play(500 * MS)
        first.settle()
        return dict(first.actor.checkpoint)


def test_a_restarted_speaker_goes_on_in_mid_answer(
    speaker_class: type[Speaker], device: FakeDevice
) -> None:
    checkpoint = left_in_mid_answer(speaker_class, device)
    with stage(speaker_class, checkpoint=checkpoint) as second:
        second.send("audio", audio(ramp(1_000 * MS)))
        second.send("answer", ended(1_000 * MS))
        assert np.array_equal(device.play(500 * MS), ramp(1_000 * MS)[500 * MS :])


def test_a_restarted_speaker_hears_of_who_began_to_speak_meanwhile(
    speaker_class: type[Speaker], device: FakeDevice
) -> None:
    assert speaker_class.inputs["speech"].replay
    checkpoint = left_in_mid_answer(speaker_class, device)
    with stage(speaker_class, checkpoint=checkpoint) as second:
        answer = audio(ramp(1_000 * MS))
        begun = int(answer.turn.rpartition(":")[2])
        old = SpeechStarted(turn=answer.turn, position=begun, at_ns=1)
        later = SpeechStarted(turn=f"local:{begun + 16_000}", position=begun + 16_000, at_ns=1)
        # What is replayed of before the answer leaves it alone.
        second.send("speech", old)
        second.send("audio", answer)
        assert device.play(100 * MS).any()
        second.send("speech", later)
        device.play(100 * MS)
        assert not device.play(100 * MS).any()


class BrokenSource:
    """A sound that cannot be made."""

    session = "local"
    is_idle = False
    sounded = False

    def render(self, count: int, at_ns: int) -> Samples:
        raise ZeroDivisionError

    def break_off(self) -> None:
        """There is nothing to break off."""


def test_our_own_failure_in_the_device_thread_ends_the_actor(
    speaker_class: type[Speaker], device: FakeDevice
) -> None:
    def fail() -> None:
        with stage(speaker_class) as speaker:
            speaker.actor.make_output(SessionOpened(session="local")).open(BrokenSource())
            with pytest.raises(ZeroDivisionError):
                device.play(BLOCK)
            speaker.until(lambda: False)

    with pytest.raises(ZeroDivisionError):
        fail()
