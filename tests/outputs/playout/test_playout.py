from __future__ import annotations

import numpy as np
import pytest
from playing import BLOCK, MS, Device, audio, ended, ramp, speech

from actors.outputs.playout.playout import FADE_SAMPLES, Playout
from actors.outputs.playout.playout_state import RATE_HZ, PlayoutState
from pipeline.frames import AnswerEnd, PlaybackState

STARTED, FINISHED, INTERRUPTED = (
    PlaybackState.STARTED,
    PlaybackState.FINISHED,
    PlaybackState.INTERRUPTED,
)


@pytest.fixture
def device() -> Device:
    return Device(Playout(prebuffer_ms=40))


def test_an_answer_starts_once_the_prebuffer_is_full(device: Device) -> None:
    device.playout.push(audio(ramp(39 * MS)))
    assert not device.play(BLOCK).any()
    device.playout.push(audio(ramp(1 * MS), 39 * MS))
    assert device.play(BLOCK).all()


def test_a_short_answer_starts_when_its_end_is_known(device: Device) -> None:
    device.playout.push(audio(ramp(5 * MS)))
    device.playout.end(ended(5 * MS))
    assert np.array_equal(device.play(BLOCK)[: 5 * MS], ramp(5 * MS))
    assert device.states() == [(STARTED, 0), (FINISHED, 5 * MS)]
    assert device.playout.state is PlayoutState.IDLE


def test_started_and_finished_carry_the_time_of_the_first_and_past_the_last_sample(
    device: Device,
) -> None:
    device.play(BLOCK)
    first_ns = device.now_ns
    device.playout.push(audio(ramp(50 * MS)))
    device.playout.end(ended(50 * MS))
    device.play(6 * BLOCK)
    started, finished = (e for e in device.events if e.state is not PlaybackState.PLAYING)
    assert started.at_ns == first_ns
    assert finished.at_ns == first_ns + 50_000_000


def test_minutes_that_come_in_one_burst_are_all_heard(device: Device) -> None:
    whole = ramp(180 * RATE_HZ)
    for position in range(0, len(whole), RATE_HZ):
        device.playout.push(audio(whole[position : position + RATE_HZ], position))
    device.playout.end(ended(len(whole)))
    assert np.array_equal(device.play(len(whole), RATE_HZ), whole)
    assert device.states()[-1] == (FINISHED, len(whole))


def test_an_end_that_comes_after_the_last_sample_was_heard_is_no_underrun(device: Device) -> None:
    device.playout.push(audio(ramp(50 * MS)))
    device.play(50 * MS)
    end_ns = device.now_ns
    device.play(20 * BLOCK)
    device.playout.end(ended(50 * MS))
    assert device.states() == [(STARTED, 0), (FINISHED, 50 * MS)]
    assert device.events[-1].at_ns == end_ns
    assert device.playout.counts.underruns == 0


def test_a_gap_within_an_answer_is_counted_and_buffered_twice_as_long(device: Device) -> None:
    device.playout.push(audio(ramp(50 * MS)))
    device.play(10 * BLOCK)
    device.playout.push(audio(ramp(79 * MS), 50 * MS))
    assert not device.play(BLOCK).any()
    device.playout.push(audio(ramp(1 * MS), 129 * MS))
    assert device.play(BLOCK).all()
    device.playout.end(ended(130 * MS))
    device.play(10 * BLOCK)
    assert device.states() == [(STARTED, 0), (FINISHED, 130 * MS)]
    assert device.events[-1].underruns == device.playout.counts.underruns == 1


def test_the_prebuffer_grows_to_its_limit_and_shrinks_back_when_all_is_well(
    device: Device,
) -> None:
    position = 0
    for _ in range(10):
        device.playout.push(audio(ramp(500 * MS), position))
        position += 500 * MS
        device.play(510 * MS)
    assert device.playout.prebuffer.target_ms == 400
    device.playout.push(audio(ramp(120 * RATE_HZ), position))
    device.play(115 * RATE_HZ, RATE_HZ)
    assert device.playout.prebuffer.target_ms == 40


@pytest.mark.parametrize("into_block", [0, 1, BLOCK // 2])
def test_barge_in_is_silent_after_the_fade_within_the_next_block(
    device: Device, into_block: int
) -> None:
    device.playout.push(audio(np.full(RATE_HZ, 10_000, np.int16)))
    device.play(10 * BLOCK + into_block)
    device.playout.stop(speech(200))
    block = device.play(BLOCK)
    assert block[0] == 10_000
    assert (np.diff(block[:FADE_SAMPLES].astype(int)) <= 0).all()
    assert not block[FADE_SAMPLES:].any()
    heard = 10 * BLOCK + into_block + FADE_SAMPLES
    assert device.states() == [(STARTED, 0), (INTERRUPTED, heard)]
    assert device.events[-1].at_ns == 1_000_000_000 + heard * 1_000_000_000 // RATE_HZ


def test_a_fade_longer_than_the_block_goes_on_in_the_next(device: Device) -> None:
    device.playout.push(audio(np.full(RATE_HZ, 10_000, np.int16)))
    device.play(BLOCK)
    device.playout.stop(speech(200))
    device.play(FADE_SAMPLES // 2)
    assert device.playout.state is PlayoutState.STOPPING
    assert device.states() == [(STARTED, 0)]
    device.play(FADE_SAMPLES // 2)
    assert device.playout.state is PlayoutState.IDLE
    assert device.states()[-1] == (INTERRUPTED, BLOCK + FADE_SAMPLES)


def test_late_audio_of_a_stopped_turn_is_never_heard(device: Device) -> None:
    device.playout.push(audio(ramp(100 * MS)))
    device.play(5 * BLOCK)
    device.playout.stop(speech(200))
    device.playout.push(audio(ramp(100 * MS), 100 * MS))
    device.playout.push(audio(ramp(100 * MS), epoch=2, backend="http"))
    device.playout.end(ended(200 * MS))
    device.play(FADE_SAMPLES)
    assert not device.play(100 * BLOCK).any()
    assert device.playout.counts.late_dropped == 2
    assert len(device.states()) == 2


def test_an_answer_first_heard_of_after_the_user_spoke_again_is_late(device: Device) -> None:
    device.playout.stop(speech(200, at_ns=5_000))
    device.playout.push(audio(ramp(100 * MS), turn="local:199"))
    device.playout.push(audio(ramp(100 * MS), turn="local:t4999"))
    device.playout.push(audio(ramp(100 * MS), 100 * MS, turn="local:199"))
    device.playout.end(ended(200 * MS, turn="local:199"))
    assert not device.play(20 * BLOCK).any()
    assert device.playout.counts.late_dropped == 3
    # Each is accounted for, once: the user did not hear it.
    told = [(event.turn, event.state, event.played_samples) for event in device.events]
    assert told == [
        ("local:199", PlaybackState.INTERRUPTED, 0),
        ("local:t4999", PlaybackState.INTERRUPTED, 0),
    ]


@pytest.mark.parametrize(
    "turn", ["local:200", "local:201", "local:t5000", "local:u5000", "of-another-kind"]
)
def test_the_answer_to_what_the_user_says_now_is_heard(device: Device, turn: str) -> None:
    device.playout.stop(speech(200, at_ns=5_000))
    device.playout.push(audio(ramp(100 * MS), turn=turn))
    assert device.play(BLOCK).all()


def test_speech_heard_again_by_a_restarted_vad_does_not_stop_its_own_answer(
    device: Device,
) -> None:
    device.playout.stop(speech(100))
    device.playout.push(audio(ramp(100 * MS), turn="local:100"))
    device.playout.stop(speech(100))
    device.playout.stop(speech(50))
    assert device.play(100 * MS).all()


def test_barge_in_before_the_first_sample_says_that_nothing_was_heard(device: Device) -> None:
    device.playout.push(audio(ramp(10 * MS)))
    device.play(BLOCK)
    device.playout.stop(speech(200))
    assert device.states() == [(INTERRUPTED, 0)]
    assert device.playout.state is PlayoutState.IDLE


def test_without_a_device_barge_in_needs_no_rendering(device: Device) -> None:
    device.playout.push(audio(ramp(100 * MS)))
    device.play(BLOCK)
    device.playout.stop(speech(200), fade=False)
    assert device.states()[-1] == (INTERRUPTED, BLOCK)
    assert not device.play(BLOCK).any()


def test_interrupted_by_the_server_stops_like_barge_in(device: Device) -> None:
    device.playout.push(audio(ramp(100 * MS)))
    device.play(BLOCK)
    device.playout.end(ended(100 * MS, AnswerEnd.INTERRUPTED))
    device.play(BLOCK)
    assert device.states()[-1] == (INTERRUPTED, BLOCK + FADE_SAMPLES)


def test_answers_are_heard_one_after_the_other(device: Device) -> None:
    first, second = ramp(100 * MS), ramp(60 * MS, first=20_000)
    device.playout.push(audio(first))
    device.playout.push(audio(second, turn="local:200"))
    device.playout.end(ended(len(first)))
    device.playout.end(ended(len(second), turn="local:200"))
    heard = device.play(200 * MS)
    assert np.array_equal(heard[: 160 * MS], np.concatenate([first, second]))
    assert device.states("local:200") == [(STARTED, 0), (FINISHED, 60 * MS)]


def test_an_answer_that_never_ends_does_not_hold_up_the_next_turn(device: Device) -> None:
    device.playout.push(audio(ramp(50 * MS)))
    device.play(10 * BLOCK)
    device.playout.push(audio(ramp(50 * MS), turn="local:200"))
    assert device.play(5 * BLOCK).all()
    assert device.states() == [(STARTED, 0), (INTERRUPTED, 50 * MS)]
    assert device.playout.counts.abandoned == 1


def test_samples_sent_again_are_cut_and_missing_ones_counted(device: Device) -> None:
    whole = ramp(300 * MS)
    device.playout.push(audio(whole[: 100 * MS]))
    device.playout.push(audio(whole[60 * MS : 160 * MS], 60 * MS))
    device.playout.push(audio(whole[: 50 * MS]))
    device.playout.push(audio(whole[200 * MS :], 200 * MS))
    device.playout.end(ended(320 * MS))
    heard = device.play(260 * MS)
    assert np.array_equal(heard, np.concatenate([whole[: 160 * MS], whole[200 * MS :]]))
    assert device.playout.counts.resent_samples == 90 * MS
    assert device.playout.counts.missing_samples == 60 * MS
    assert device.states()[-1] == (FINISHED, 300 * MS)


@pytest.mark.parametrize("end", [AnswerEnd.COMPLETE, AnswerEnd.EMPTY, AnswerEnd.FAILED])
def test_an_answer_without_sound_makes_no_events(device: Device, end: AnswerEnd) -> None:
    device.playout.push(audio(ramp(0)))
    device.playout.end(ended(0, end))
    device.play(10 * BLOCK)
    assert device.events == []


def test_an_end_that_overtook_its_audio_counts_when_all_of_it_has_come(device: Device) -> None:
    device.playout.end(ended(30 * MS))
    device.playout.push(audio(ramp(30 * MS)))
    device.play(3 * BLOCK)
    assert device.states() == [(STARTED, 0), (FINISHED, 30 * MS)]


def test_a_successor_goes_on_where_the_first_process_was(device: Device) -> None:
    whole = ramp(200 * MS)
    device.playout.push(audio(ramp(50 * MS), turn="local:50"))
    device.playout.end(ended(50 * MS, turn="local:50"))
    device.playout.push(audio(whole))
    device.play(50 * MS + 70 * MS)
    successor = Device(Playout(prebuffer_ms=40, resume=device.playout.snapshot()))
    successor.playout.push(audio(ramp(50 * MS), turn="local:50"))
    successor.playout.push(audio(whole))
    successor.playout.end(ended(len(whole)))
    assert np.array_equal(successor.play(130 * MS), whole[70 * MS :])
    assert successor.states() == [(FINISHED, 200 * MS)]
    assert successor.states("local:50") == []


def test_a_successor_that_hears_first_that_an_answer_was_interrupted_says_so_and_plays_no_more(
    device: Device,
) -> None:
    whole = ramp(200 * MS)
    device.playout.push(audio(whole))
    device.play(120 * MS)
    successor = Device(Playout(prebuffer_ms=40, resume=device.playout.snapshot()))
    successor.playout.end(ended(len(whole), AnswerEnd.INTERRUPTED))
    for at in (0, 100 * MS):
        successor.playout.push(audio(whole[at : at + 100 * MS], at))
    assert not successor.play(100 * MS).any()
    assert successor.states() == [(INTERRUPTED, 120 * MS)]
    successor.playout.push(audio(ramp(50 * MS), epoch=2, backend="http"))
    assert not successor.play(50 * MS).any()


def test_another_rate_is_resampled_and_reported_in_its_own_samples(device: Device) -> None:
    tone = (np.sin(np.arange(48_000) * 2 * np.pi * 440 / 48_000) * 8_000).astype(np.int16)
    device.playout.push(audio(tone, rate_hz=48_000))
    device.playout.end(ended(len(tone)))
    heard = device.play(RATE_HZ + BLOCK)
    expected = (np.sin(np.arange(RATE_HZ) * 2 * np.pi * 440 / RATE_HZ) * 8_000).astype(np.int16)
    assert np.abs(heard[100 : RATE_HZ - 100] - expected[100:-100]).max() < 20
    assert device.states()[-1] == (FINISHED, 48_000)


def test_progress_is_reported_while_an_answer_is_heard(device: Device) -> None:
    device.playout.push(audio(ramp(RATE_HZ)))
    device.play(RATE_HZ)
    progress = [e.played_samples for e in device.events if e.state is PlaybackState.PLAYING]
    assert progress == [200 * MS, 400 * MS, 600 * MS, 800 * MS, 1000 * MS]


def test_samples_sent_again_while_dry_are_no_underrun(device: Device) -> None:
    device.playout.push(audio(ramp(50 * MS)))
    device.play(10 * BLOCK)
    device.playout.push(audio(ramp(50 * MS)))
    device.playout.end(ended(50 * MS))
    assert device.playout.counts.underruns == 0
    assert device.states()[-1] == (FINISHED, 50 * MS)
