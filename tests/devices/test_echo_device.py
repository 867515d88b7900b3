"""F14 on the real sound system: what the speaker plays comes back 60 ms later, as loud as speech.

The microphone, echo canceller, voice detector and speaker are real; a test speaks for the backend.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr
import yaml
from feeding import Feeder, feeder
from sound_server import SoundServer

from actors.lib.audio.decode import decode
from actors.lib.audio.pcm import Samples
from pipeline.frames import Frame, Playback, PlaybackState, SpeechStarted, Status
from pipeline.testing import RunningPipeline, running

SPEECH = Path(__file__).parent.parent / "speech"
PERSON = SPEECH / "goforward.wav"
RATE_HZ = 24_000
DELAY_MS = 60
CLOSING = (PlaybackState.FINISHED, PlaybackState.INTERRUPTED)


def talk(seconds: float) -> Samples:
    """What the robot says: people reading, with pauses between the sentences."""
    names = ("austen-0870.wav", "austen-0890.wav", "numbers.wav", "cards-001.wav")
    pause = np.zeros(RATE_HZ // 2, np.int16)
    said = [np.concatenate([*decode(SPEECH / name)]) for name in names]
    pieces = [np.concatenate([soxr.resample(each, 16_000, RATE_HZ), pause]) for each in said]
    return np.resize(np.concatenate(pieces), round(seconds * RATE_HZ))


@contextmanager
def robot(
    sound: SoundServer, folder: Path, **echo: Any
) -> Iterator[tuple[RunningPipeline, Feeder]]:
    """A robot without a backend, whose microphone hears its speaker."""
    sound.let_the_microphone_hear_the_speaker(DELAY_MS)
    answers = {port: f"stand_in.{port}" for port in ("audio", "answer")}
    # A busy machine must not make gaps: the devices hold 100 ms instead of 20 and 40.
    patient = {"latency": 0.1}
    actors = {
        "microphone": {"use": "microphone", "options": {"device": "vmic", **patient}},
        "echo": {
            "use": "echo",
            "inputs": {"audio": "microphone.audio", "far_end": "speaker.far_end"},
            "options": echo,
        },
        "vad": {
            "use": "vad",
            "inputs": {"audio": "echo.audio", "playback": "speaker.playback"},
        },
        "stand_in": {"use": f"{Path(__file__).parent / 'stand_in.py'}:StandIn"},
        "speaker": {
            "use": "speaker",
            "inputs": {**answers, "speech": "vad.speech", "voice": "vad.voice"},
            "options": {"device": "vspk", **patient},
        },
    }
    config = folder / "robot.yaml"
    config.write_text(yaml.safe_dump({"name": "robot", "actors": actors}))
    with running(config, "--external", "stand_in", env=sound.env, cwd=folder) as pipeline:
        pipeline.until(is_awake, "a robot")
        with feeder(pipeline.runtime_dir, "stand_in") as feeding:
            feeding.wait_for("@speaker:audio", "@speaker:answer")
            yield pipeline, feeding


def is_awake(status: Status) -> bool:
    return all(a.health is not None and a.health.state == "ready" for a in status.actors[:3])


def closed(pipeline: RunningPipeline) -> Playback:
    """Wait for the end of the answer."""
    found = pipeline.frame(
        "speaker", "playback", lambda f: isinstance(f, Playback) and f.state in CLOSING
    )
    assert isinstance(found, Playback)
    return found


def playing(least: int) -> Any:
    def fits(frame: Frame) -> bool:
        return isinstance(frame, Playback) and frame.played_samples >= least

    return fits


def counters(pipeline: RunningPipeline, actor: str) -> dict[str, int]:
    health = pipeline.actor(actor).health
    assert health is not None
    return health.counters


def test_the_robot_does_not_interrupt_itself_in_a_minute_of_talk_f14(
    sound: SoundServer, tmp_path: Path
) -> None:
    said = talk(50)
    with robot(sound, tmp_path) as (pipeline, feeding):
        feeding.answer(said)
        end = closed(pipeline)
        heard = counters(pipeline, "vad")
        health = pipeline.actor("echo").health
    assert (end.state, end.played_samples) == (PlaybackState.FINISHED, len(said))
    assert heard.get("turns", 0) == 0
    # How often it paused over a doubt depends on how busy the machine is: see benchmarks/echo.py.
    assert health is not None
    assert health.gauges["reduction_db"] > 10


def test_a_person_who_speaks_over_the_robot_interrupts_it_f14(
    sound: SoundServer, tmp_path: Path
) -> None:
    with robot(sound, tmp_path) as (pipeline, feeding):
        feeding.answer(talk(40))
        pipeline.frame("speaker", "playback", playing(5 * RATE_HZ))
        sound.say(PERSON)
        end = closed(pipeline)
        turn = pipeline.frame("vad", "speech", lambda f: isinstance(f, SpeechStarted))
        assert counters(pipeline, "vad")["turns"] == 1
    assert end.state is PlaybackState.INTERRUPTED
    assert isinstance(turn, SpeechStarted)
    # The first word is 0.52 s into the recording, and stops the answer within moments.
    assert (end.at_ns - turn.at_ns) / 1e9 == pytest.approx(0.5, abs=0.5)


def test_without_cancellation_the_robot_hears_itself(sound: SoundServer, tmp_path: Path) -> None:
    def stutters(status: Status) -> bool:
        vad = next(a.health for a in status.actors if a.actor == "vad")
        return vad is not None and vad.counters.get("voices_doubted", 0) >= 3

    with robot(sound, tmp_path, mode="off") as (pipeline, feeding):
        feeding.answer(talk(60))
        pipeline.until(stutters, "doubts about its own voice")


def test_half_duplex_neither_interrupts_itself_nor_can_be_interrupted(
    sound: SoundServer, tmp_path: Path
) -> None:
    said = talk(12)
    with robot(sound, tmp_path, mode="half_duplex") as (pipeline, feeding):
        feeding.answer(said)
        pipeline.frame("speaker", "playback", playing(2 * RATE_HZ))
        sound.say(PERSON)
        assert closed(pipeline).state is PlaybackState.FINISHED
        assert counters(pipeline, "vad").get("turns", 0) == 0
        sound.say(PERSON)
        pipeline.frame("vad", "speech", lambda f: isinstance(f, SpeechStarted))
