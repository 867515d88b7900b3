"""The sound server is restarted in mid-question and mid-answer, again and again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
import soxr
from feeding import PORTS, both_devices, feeder
from sound_server import SoundServer
from test_microphone_device import RECORDING, hear

from actors.lib.audio.decode import decode
from pipeline.frames import ActorState, Frame, Playback, PlaybackState, Status
from pipeline.testing import RunningPipeline, running

ACTORS = ("microphone", "speaker")
MOST_GROWTH_MIB = 3.0
"""Of a process over ten restarts; a stream that is not given back holds its buffers and threads."""


def said_by(status: Status, actor: str) -> str:
    """How an actor says it is; a microphone into which nobody speaks has only zeros here."""
    health = next((each.health for each in status.actors if each.actor == actor), None)
    if health is None:
        return "nothing"
    works = health.state is ActorState.READY or "zeros" in health.detail
    return "works" if works else health.state.value


def both(what: str) -> Callable[[Status], bool]:
    return lambda status: all(said_by(status, actor) == what for actor in ACTORS)


def playback(pipeline: RunningPipeline, turn: str, state: PlaybackState) -> Playback:
    def fits(frame: Frame) -> bool:
        return isinstance(frame, Playback) and (frame.turn, frame.state) == (turn, state)

    found = pipeline.frame("speaker", "playback", fits)
    assert isinstance(found, Playback)
    return found


def footprint(pipeline: RunningPipeline) -> dict[str, tuple[int, float]]:
    """Threads and MiB of each process."""
    processes = {actor: psutil.Process(pipeline.pid(actor)) for actor in ACTORS}
    return {
        actor: (each.num_threads(), each.memory_full_info().uss / 2**20)
        for actor, each in processes.items()
    }


@pytest.mark.parametrize("rounds", [1, pytest.param(10, marks=pytest.mark.slow)])
def test_a_restarted_sound_server_is_found_again(
    sound: SoundServer, tmp_path: Path, rounds: int
) -> None:
    question = np.concatenate(list(decode(RECORDING)))
    answer = soxr.resample(question, 16_000, 24_000)
    config = both_devices(
        tmp_path, {"device": "vspk", "latency": 0.1}, {"device": "vmic", "latency": 0.2}
    )
    with running(config, "--external", "stand_in", env=sound.env, cwd=tmp_path) as pipeline:
        pipeline.until(both("works"), "both devices")
        pids = [pipeline.pid(actor) for actor in ACTORS]
        prints = []
        with feeder(pipeline.runtime_dir, "stand_in") as feeding:
            feeding.wait_for(*(f"@speaker:{port}" for port in PORTS))
            for number in range(rounds):
                turn = f"local:{100 + number}"
                with sound.saying(RECORDING):
                    feeding.answer(answer, turn)
                    playback(pipeline, turn, PlaybackState.STARTED)
                    sound.stop()
                pipeline.until(both("degraded"), f"two lost devices, round {number}")
                sound.start()
                pipeline.until(both("works"), f"both devices again, round {number}")
                finished = playback(pipeline, turn, PlaybackState.FINISHED)
                assert finished.played_samples == len(answer)
                prints.append(footprint(pipeline))
        sound.say(RECORDING)
        _, likeness = hear(pipeline, question)
        assert likeness > 0.9
        assert [pipeline.pid(actor) for actor in ACTORS] == pids, "a process was restarted"
    for actor in ACTORS:
        threads = [each[actor][0] for each in prints]
        memory = [each[actor][1] for each in prints]
        # The first round loads what later ones have.
        assert threads[-1] <= threads[0], f"threads of {actor}: {threads}"
        assert memory[-1] <= memory[0] + MOST_GROWTH_MIB, f"MiB of {actor}: {memory}"
