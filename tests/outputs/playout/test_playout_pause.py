"""F13: an answer is held while somebody may be speaking, and goes on where it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playing import BLOCK, MS, Device, audio, ended, ramp, route, speech, voice

from actors.outputs.playout.pause_limiter import CALM_NS, IN_A_ROW, LONGEST_PAUSE_NS
from actors.outputs.playout.playout import FADE_SAMPLES, Playout
from actors.outputs.playout.playout_state import RATE_HZ, PlayoutState
from pipeline.frames import AnswerEnd, PlaybackState

STARTED, FINISHED, INTERRUPTED = (
    PlaybackState.STARTED,
    PlaybackState.FINISHED,
    PlaybackState.INTERRUPTED,
)
LEVEL = 10_000


@pytest.fixture
def device() -> Device:
    """One that has played 100 ms of a second."""
    device = Device(Playout(prebuffer_ms=40))
    device.playout.push(audio(np.full(RATE_HZ, LEVEL, np.int16)))
    device.playout.end(ended(RATE_HZ))
    device.play(100 * MS)
    return device


def test_a_pause_is_silent_after_the_fade_within_the_next_block(device: Device) -> None:
    device.playout.pause(voice(200))
    block = device.play(BLOCK)
    assert block[0] == LEVEL
    assert (np.diff(block[:FADE_SAMPLES].astype(int)) <= 0).all()
    assert not block[FADE_SAMPLES:].any()
    assert not device.play(50 * BLOCK).any()
    assert device.playout.state is PlayoutState.PAUSED


def test_it_goes_on_at_the_next_sample_growing_louder(device: Device) -> None:
    device.playout.pause(voice(200))
    device.play(50 * BLOCK)
    device.playout.resume()
    block = device.play(BLOCK)
    assert (np.diff(block[:FADE_SAMPLES].astype(int)) >= 0).all()
    assert (block[FADE_SAMPLES:] == LEVEL).all()
    device.play(RATE_HZ)
    assert np.count_nonzero(np.concatenate(device.heard)) == RATE_HZ - 2
    assert device.states() == [(STARTED, 0), (FINISHED, RATE_HZ)]


def test_a_pause_is_no_interruption_and_counted(device: Device) -> None:
    device.playout.pause(voice(200))
    device.play(50 * BLOCK)
    assert device.states() == [(STARTED, 0)]
    device.playout.resume()
    assert (device.playout.counts.pauses, device.playout.counts.resumed) == (1, 1)


def test_speech_after_all_stops_for_good_and_reports_what_was_heard_before_the_pause(
    device: Device,
) -> None:
    device.playout.pause(voice(200))
    device.play(BLOCK)
    silent_ns = device.now_ns - (BLOCK - FADE_SAMPLES) * 1_000_000_000 // RATE_HZ
    device.play(40 * BLOCK)
    device.playout.stop(speech(200))
    device.collect()
    assert device.states() == [(STARTED, 0), (INTERRUPTED, 100 * MS + FADE_SAMPLES)]
    assert device.events[-1].at_ns == silent_ns
    device.playout.resume()
    assert not device.play(RATE_HZ).any()


@pytest.mark.parametrize("then", ["stop", "resume"])
def test_a_pause_settled_before_the_next_block(device: Device, then: str) -> None:
    device.playout.pause(voice(200))
    if then == "stop":
        device.playout.stop(speech(200))
        device.play(RATE_HZ)
        assert device.states()[-1] == (INTERRUPTED, 100 * MS + FADE_SAMPLES)
    else:
        device.playout.resume()
        device.play(RATE_HZ)
        assert device.states()[-1] == (FINISHED, RATE_HZ)
    assert len(device.states()) == 2


def test_what_comes_during_the_pause_is_heard_after_it() -> None:
    whole = ramp(400 * MS)
    device = Device(Playout(prebuffer_ms=40))
    device.playout.push(audio(whole[: 200 * MS]))
    device.play(100 * MS)
    device.playout.pause(voice(200))
    device.play(BLOCK)
    device.playout.push(audio(whole[200 * MS :], 200 * MS))
    device.playout.end(ended(len(whole)))
    assert not device.play(20 * BLOCK).any()
    device.playout.resume()
    rest = device.play(300 * MS)
    heard_before = 100 * MS + FADE_SAMPLES
    assert np.array_equal(
        rest[FADE_SAMPLES : 300 * MS - FADE_SAMPLES], whole[heard_before + FADE_SAMPLES :]
    )
    assert device.states() == [(STARTED, 0), (FINISHED, len(whole))]


def test_an_answer_that_ends_within_the_fade_is_finished() -> None:
    device = Device(Playout(prebuffer_ms=0))
    device.playout.push(audio(ramp(BLOCK + 50)))
    device.play(BLOCK)
    device.playout.pause(voice(200))
    device.playout.end(ended(BLOCK + 50))
    assert device.states() == [(STARTED, 0)]
    device.play(BLOCK)
    assert device.states()[-1] == (FINISHED, BLOCK + 50)
    assert device.playout.state is PlayoutState.IDLE


def test_a_pause_nobody_ends_is_over_after_a_while(device: Device) -> None:
    device.playout.pause(voice(200))
    pause = LONGEST_PAUSE_NS * RATE_HZ // 1_000_000_000
    assert not device.play(pause)[FADE_SAMPLES:].any()
    assert (device.play(2 * BLOCK)[FADE_SAMPLES:] == LEVEL).all()


def test_the_answer_to_what_is_said_now_is_not_held(device: Device) -> None:
    device.playout.pause(voice(50))
    assert (device.play(BLOCK) == LEVEL).all()


def test_a_server_that_breaks_off_during_the_pause_ends_the_answer() -> None:
    device = Device(Playout(prebuffer_ms=40))
    device.playout.push(audio(ramp(RATE_HZ)))
    device.play(100 * MS)
    device.playout.pause(voice(200))
    device.play(BLOCK)
    device.playout.end(ended(RATE_HZ, AnswerEnd.INTERRUPTED))
    assert device.states()[-1] == (INTERRUPTED, 100 * MS + FADE_SAMPLES)
    device.playout.resume()
    assert not device.play(RATE_HZ).any()


def test_what_a_backend_gave_before_it_lost_the_route_is_heard_after_the_pause() -> None:
    device = Device(Playout(prebuffer_ms=40))
    device.playout.push(audio(ramp(RATE_HZ)))
    device.play(100 * MS)
    device.playout.pause(voice(200))
    device.play(BLOCK)
    device.playout.route(route(2))
    device.playout.resume()
    device.play(RATE_HZ)
    assert device.states()[-1] == (INTERRUPTED, RATE_HZ)


def test_without_a_device_a_pause_needs_no_rendering(device: Device) -> None:
    device.playout.pause(voice(200), fade=False)
    assert not device.play(BLOCK).any()
    device.playout.resume()
    assert (device.play(2 * BLOCK)[FADE_SAMPLES:] == LEVEL).all()


def doubt(device: Device, sounding: int = BLOCK) -> bool:
    """A voice that is none, after so many samples of the answer; return whether it was held."""
    device.play(sounding)
    device.playout.pause(voice(200))
    held = device.playout.state is PlayoutState.PAUSED
    device.play(20 * BLOCK)
    device.playout.resume()
    return held


@pytest.fixture
def talker() -> Device:
    """One that plays a long answer."""
    device = Device(Playout(prebuffer_ms=40))
    device.playout.push(audio(np.full(60 * RATE_HZ, LEVEL, np.int16)))
    return device


def test_an_echo_that_is_doubted_for_ever_does_not_hold_the_answer_for_ever_f14(
    talker: Device,
) -> None:
    doubts = [doubt(talker) for _ in range(20)]
    assert doubts == [True] * IN_A_ROW + [False] * (20 - IN_A_ROW)
    counts = talker.playout.counts
    assert (counts.pauses, counts.pauses_left_out) == (IN_A_ROW, 20 - IN_A_ROW)
    assert (talker.play(2 * BLOCK)[FADE_SAMPLES:] == LEVEL).all()


def test_coughs_with_time_between_them_are_all_heeded(talker: Device) -> None:
    calm = CALM_NS * RATE_HZ // 1_000_000_000
    assert all(doubt(talker, calm) for _ in range(3 * IN_A_ROW))


def test_it_is_heeded_again_once_there_was_time_without_doubt(talker: Device) -> None:
    held = [doubt(talker) for _ in range(IN_A_ROW + 1)]
    assert held[-1] is False
    assert doubt(talker, CALM_NS * RATE_HZ // 1_000_000_000)


def test_speech_ends_the_row(talker: Device) -> None:
    for _ in range(IN_A_ROW):
        doubt(talker)
    talker.playout.stop(speech(200))
    talker.playout.push(audio(np.full(RATE_HZ, LEVEL, np.int16), turn="local:200"))
    talker.play(BLOCK)
    talker.playout.pause(voice(300))
    assert talker.playout.state is PlayoutState.PAUSED


def test_a_pause_that_was_over_before_it_was_nothing_counts_once(talker: Device) -> None:
    talker.play(BLOCK)
    talker.playout.pause(voice(200))
    talker.play((LONGEST_PAUSE_NS * RATE_HZ // 1_000_000_000) + BLOCK)
    talker.playout.resume()
    assert [doubt(talker) for _ in range(IN_A_ROW)] == [True] * (IN_A_ROW - 1) + [False]


@given(
    st.integers(1, 6_000),
    st.lists(st.tuples(st.booleans(), st.integers(1, 900)), max_size=30),
)
def test_pauses_lose_and_double_no_sample(length: int, steps: list[tuple[bool, int]]) -> None:
    device = Device(Playout(prebuffer_ms=0))
    device.playout.push(audio(np.full(length, LEVEL, np.int16)))
    device.playout.end(ended(length))
    for hold, count in steps:
        if hold:
            device.playout.pause(voice(200))
        else:
            device.playout.resume()
        device.play(count, block=count)
    device.playout.resume()
    device.play(length + FADE_SAMPLES, block=480)
    heard = np.concatenate(device.heard).astype(int)
    assert device.states() == [(STARTED, 0), (FINISHED, length)]
    # Each fade has a silent sample at one end.
    edges = 4 * len(steps)
    assert length - edges <= np.count_nonzero(heard) <= length
    assert device.events[-1].played_samples == length
