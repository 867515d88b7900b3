"""A Bluetooth headset comes, changes its profile, goes out of range and comes back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import psutil
import pytest
import soxr
from feeding import PORTS, Feeder, both_devices, feeder
from sound_server import Profile, SoundServer
from test_microphone_device import hear
from test_speaker_device import recording, wait_until_heard

from actors.lib.audio.decode import decode
from actors.lib.audio.pcm import Samples
from pipeline.frames import ActorState, Frame, Playback, PlaybackState, Status
from pipeline.testing import RunningPipeline, running

SPEECH = Path(__file__).parent.parent / "speech"
QUESTION = SPEECH / "goforward.wav"
ACTORS = ("microphone", "speaker")
SECOND = 24_000
MOST_GROWTH_MIB = 3.0
"""Of a process over ten rounds; a stream that is not given back holds its buffers and threads."""


class Ride:
    """A pipeline with the system's default devices, which change while it talks."""

    def __init__(self, sound: SoundServer, pipeline: RunningPipeline, feeding: Feeder) -> None:
        self.sound = sound
        self.pipeline = pipeline
        self.feeding = feeding
        self.answers = 0
        self.question = np.concatenate(list(decode(QUESTION)))

    def answers_through(self, change: Callable[[], None], said: Samples) -> Playback:
        """Answer; change something once a second was heard; return how the answer ended."""
        self.answers += 1
        turn = f"local:{100 + self.answers}"
        self.feeding.answer(said, turn)
        self._reported(turn, PlaybackState.PLAYING, SECOND)
        change()
        return self._reported(turn, PlaybackState.FINISHED)

    def hears(self, microphone: str) -> float:
        """Speak into a microphone; return how like it the pipeline heard it."""
        self.sound.say(QUESTION, microphone)
        return hear(self.pipeline, self.question)[1]

    def devices(self) -> list[str]:
        """What `greenroom devices` says of the sound server."""
        done = subprocess.run(
            [sys.executable, "-m", "actors.cli.devices"],
            env={**self.sound.environment, "PYTHONPATH": str(SPEECH.parent.parent)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return list(json.loads(done.stdout)["sound_system"])

    def restarts(self) -> list[int]:
        """How often each process was started again."""
        return [self.pipeline.actor(actor).restarts for actor in ACTORS]

    def footprint(self) -> dict[str, tuple[int, int, float]]:
        """Threads, descriptors and MiB of each process."""
        processes = {actor: psutil.Process(self.pipeline.pid(actor)) for actor in ACTORS}
        return {
            actor: (each.num_threads(), each.num_fds(), each.memory_full_info().uss / 2**20)
            for actor, each in processes.items()
        }

    def _reported(self, turn: str, state: PlaybackState, least: int = 0) -> Playback:
        def fits(frame: Frame) -> bool:
            return (
                isinstance(frame, Playback)
                and (frame.turn, frame.state) == (turn, state)
                and frame.played_samples >= least
            )

        found = self.pipeline.frame("speaker", "playback", fits)
        assert isinstance(found, Playback)
        return found


@pytest.fixture
def ride(either: SoundServer, tmp_path: Path) -> Iterator[Ride]:
    config = both_devices(tmp_path, {"latency": 0.1}, {"latency": 0.2})
    either.take_by_default("vspk", "vmic_src")
    with ExitStack() as stack:
        pipeline = stack.enter_context(
            running(config, "--external", "stand_in", env=either.env, cwd=tmp_path)
        )
        pipeline.until(lambda status: all(works(status, each) for each in ACTORS), "both devices")
        feeding = stack.enter_context(feeder(pipeline.runtime_dir, "stand_in"))
        feeding.wait_for(*(f"@speaker:{port}" for port in PORTS))
        yield Ride(either, pipeline, feeding)


def works(status: Status, actor: str) -> bool:
    """Whether an actor has its device; a microphone into which nobody speaks has zeros here."""
    health = next((each.health for each in status.actors if each.actor == actor), None)
    return health is not None and (health.state is ActorState.READY or "zeros" in health.detail)


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
