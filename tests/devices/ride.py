"""A pipeline with the system's default devices, which change while it talks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
from feeding import Feeder
from sound_server import SoundServer
from test_microphone_device import hear

from actors.lib.audio.decode import decode
from actors.lib.audio.pcm import Samples
from pipeline.frames import ActorState, Frame, Playback, PlaybackState, Status
from pipeline.testing import RunningPipeline

SPEECH = Path(__file__).parent.parent / "speech"
QUESTION = SPEECH / "goforward.wav"
ACTORS = ("microphone", "speaker")
SECOND = 24_000


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


def works(status: Status, actor: str) -> bool:
    """Whether an actor has its device; a microphone into which nobody speaks has zeros here."""
    health = next((each.health for each in status.actors if each.actor == actor), None)
    return health is not None and (health.state is ActorState.READY or "zeros" in health.detail)
