"""A Bluetooth headset comes, changes its profile, goes out of range and comes back."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from ride import ACTORS, SECOND, Ride, works
from sound_server import Profile
from test_speaker_device import recording, wait_until_heard

from actors.lib.audio.pcm import Samples

MOST_GROWTH_MIB = 3.0
"""Of a process over ten rounds; a stream that is not given back holds its buffers and threads."""


def test_a_headset_that_comes_and_goes_does_not_end_the_conversation(ride: Ride) -> None:
    sound, said = ride.sound, recording()[: 3 * SECOND]

    def comes() -> None:
        sound.plug_in_bluetooth(Profile.WIDE_BAND)
        sound.take_by_default("bt", "bt_mic")

    assert ride.answers_through(comes, said).played_samples == len(said)
    with sound.listening("bt") as headset:
        ride.answers_through(lambda: None, said[: 2 * SECOND])
        wait_until_heard(headset, narrow(said[SECOND // 2 : 3 * SECOND // 2], Profile.WIDE_BAND))
    shown = ride.devices()
    assert any("by default it plays on" in each and "1ch 16000Hz" in each for each in shown), shown
    assert ride.hears("bt_voice") > 0.9
    assert ride.answers_through(sound.unplug_bluetooth, said).played_samples == len(said)
    assert ride.hears("vmic") > 0.9
    assert ride.restarts() == [0, 0]


@pytest.mark.slow
@pytest.mark.parametrize("talk", [Profile.WIDE_BAND, Profile.TELEPHONE])
def test_the_profile_changes_in_mid_answer(ride: Ride, talk: Profile) -> None:
    sound, said = ride.sound, recording()[: 3 * SECOND]
    sound.plug_in_bluetooth(Profile.MUSIC)
    sound.take_by_default("bt", "vmic_src")
    ride.pipeline.until(lambda status: all(works(status, each) for each in ACTORS), "the headset")

    def changes() -> None:
        sound.unplug_bluetooth()
        sound.plug_in_bluetooth(talk)
        sound.take_by_default("bt", "bt_mic")

    assert ride.answers_through(changes, said).played_samples == len(said)
    assert ride.hears("bt_voice") > 0.8
    with sound.listening("bt") as headset:
        ride.answers_through(lambda: None, said)
        wait_until_heard(headset, narrow(said[SECOND : 2 * SECOND], talk))
    assert ride.restarts() == [0, 0]


@pytest.mark.slow
def test_ten_times_out_of_range_and_back(ride: Ride) -> None:
    sound, said = ride.sound, recording()[: 2 * SECOND]
    prints = []
    for _ in range(10):

        def comes() -> None:
            sound.plug_in_bluetooth(Profile.WIDE_BAND)
            sound.take_by_default("bt", "bt_mic")

        assert ride.answers_through(comes, said).played_samples == len(said)
        assert ride.answers_through(sound.unplug_bluetooth, said).played_samples == len(said)
        assert ride.hears("vmic") > 0.9
        prints.append(ride.footprint())
    for actor in ACTORS:
        threads, files, memory = zip(*(each[actor] for each in prints), strict=True)
        print(ride.sound.kind, actor, threads, files, memory)  # noqa: T201 - for the table
        # The first round loads what later ones have.
        assert threads[-1] <= threads[0]
        assert files[-1] <= files[0]
        assert memory[-1] <= memory[0] + MOST_GROWTH_MIB
    assert ride.restarts() == [0, 0]


def narrow(said: Samples, rate_hz: int) -> Samples:
    """What is left of 24 kHz after a headset's."""
    there = soxr.resample(said, SECOND, rate_hz)
    return np.asarray(soxr.resample(there, rate_hz, SECOND), np.int16)
