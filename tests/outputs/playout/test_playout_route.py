"""Answers when the route changes: which backend is heard in a turn."""

from __future__ import annotations

import numpy as np
import pytest
from playing import BLOCK, MS, Device, audio, ended, ramp, route

from actors.outputs.playout.playout import FADE_SAMPLES, Playout
from actors.outputs.playout.playout_state import RATE_HZ
from pipeline.frames import AnswerEnd, PlaybackState

STARTED, FINISHED, INTERRUPTED = (
    PlaybackState.STARTED,
    PlaybackState.FINISHED,
    PlaybackState.INTERRUPTED,
)


@pytest.fixture
def device() -> Device:
    return Device(Playout(prebuffer_ms=40))


def test_an_older_epoch_than_the_route_is_dropped(device: Device) -> None:
    device.playout.route(route(2))
    device.playout.push(audio(ramp(100 * MS), epoch=1))
    assert not device.play(10 * BLOCK).any()
    assert device.playout.counts.stale_epoch == 1


def test_the_new_owner_replaces_what_is_left_of_the_old_one_in_the_same_turn(
    device: Device,
) -> None:
    device.playout.push(audio(ramp(RATE_HZ)))
    device.playout.push(audio(ramp(RATE_HZ), turn="local:300"))
    device.play(10 * BLOCK)
    device.playout.route(route(2))
    device.playout.push(audio(ramp(50 * MS, first=20_000), epoch=2, backend="http"))
    device.playout.push(audio(ramp(BLOCK), RATE_HZ))
    device.playout.end(ended(50 * MS, epoch=2, backend="http"))
    heard = device.play(FADE_SAMPLES + 50 * MS)
    assert np.array_equal(heard[FADE_SAMPLES:], ramp(50 * MS, first=20_000))
    reported = [(e.backend, e.state, e.played_samples) for e in device.events]
    assert reported == [
        ("live", STARTED, 0),
        ("live", INTERRUPTED, 10 * BLOCK + FADE_SAMPLES),
        ("http", STARTED, 0),
        ("http", FINISHED, 50 * MS),
    ]
    assert device.playout.counts.stale_epoch == 1


def test_after_a_failed_answer_another_backend_may_answer_the_turn(device: Device) -> None:
    device.playout.push(audio(ramp(50 * MS)))
    device.playout.end(ended(50 * MS, AnswerEnd.FAILED))
    device.play(50 * MS)
    assert device.states() == [(STARTED, 0), (INTERRUPTED, 50 * MS)]
    device.playout.push(audio(ramp(50 * MS), epoch=2, backend="http"))
    assert device.play(BLOCK).all()


def test_a_complete_answer_is_heard_to_its_end_although_the_route_moves_on(
    device: Device,
) -> None:
    device.playout.push(audio(ramp(100 * MS)))
    device.playout.route(route(2))
    device.playout.end(ended(100 * MS))
    assert device.play(100 * MS).all()
    assert device.states() == [(STARTED, 0), (FINISHED, 100 * MS)]


def test_a_dry_answer_of_a_backend_that_lost_the_route_is_closed(device: Device) -> None:
    device.playout.push(audio(ramp(50 * MS)))
    device.play(10 * BLOCK)
    device.playout.route(route(2))
    assert device.states() == [(STARTED, 0), (INTERRUPTED, 50 * MS)]
    device.playout.push(audio(ramp(50 * MS), epoch=2, backend="http"))
    assert device.play(BLOCK).all()
