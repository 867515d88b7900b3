"""Answers through the real sound system: pipeline, PortAudio, ALSA, PulseAudio, monitor."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr
import yaml
from feeding import Feeder, feeder
from sound_server import SoundServer, find, heard

from actors.lib.audio.decode import decode
from actors.lib.audio.pcm import Samples
from pipeline.frames import ActorState, Frame, Playback, PlaybackState, Status
from pipeline.testing import RunningPipeline, running

SPEECH = Path(__file__).parent.parent / "speech"
MS = 24
PATIENCE_S = 60.0


def recording(name: str = "goforward.wav") -> Samples:
    samples = np.concatenate(list(decode(SPEECH / name)))
    return soxr.resample(samples, 16_000, 24_000)


@contextmanager
def speaker(
    sound: SoundServer, folder: Path, **options: Any
) -> Iterator[tuple[RunningPipeline, Feeder]]:
    """A pipeline with nothing but a speaker, and what feeds it."""
    ports = {port: f"stand_in.{port}" for port in ("audio", "answer", "speech")}
    config = folder / "sound.yaml"
    # A busy machine must not make gaps: the device holds 100 ms instead of 20.
    options = {"device": "vspk", "latency": 0.1, **options}
    actors = {
        "stand_in": {"use": f"{Path(__file__).parent / 'stand_in.py'}:StandIn"},
        "speaker": {"use": "speaker", "inputs": ports, "options": options},
    }
    config.write_text(yaml.safe_dump({"name": "sound", "actors": actors}))
    with running(config, "--external", "stand_in", env=sound.env, cwd=folder) as pipeline:
        pipeline.until(lambda status: state_of(status) is ActorState.READY, "a speaker")
        with feeder(pipeline.runtime_dir, "stand_in") as feeding:
            feeding.wait_for("@speaker:audio", "@speaker:answer", "@speaker:speech")
            yield pipeline, feeding


def state_of(status: Status, actor: str = "speaker") -> ActorState | None:
    found = next((each for each in status.actors if each.actor == actor), None)
    return found.health.state if found and found.health else None


def reported(pipeline: RunningPipeline, state: PlaybackState, least: int = 0) -> Playback:
    def fits(frame: Frame) -> bool:
        return (
            isinstance(frame, Playback) and frame.state is state and frame.played_samples >= least
        )

    found = pipeline.frame("speaker", "playback", fits)
    assert isinstance(found, Playback)
    return found


def wait_until_heard(path: Path, said: Samples) -> tuple[int, float]:
    """Wait for the monitor, which is a little behind, to have all of it."""
    deadline_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s:
        sound = heard(path)
        if len(sound) > len(said):
            at, likeness = find(said, sound)
            if likeness > 0.95 and len(sound) - at >= len(said):
                return at, likeness
    raise AssertionError(f"not heard; {len(heard(path))} samples came")


def test_an_answer_is_heard_whole_and_without_gaps(sound: SoundServer, tmp_path: Path) -> None:
    said = recording()
    with sound.listening() as path, speaker(sound, tmp_path) as (pipeline, feeding):
        feeding.answer(said)
        finished = reported(pipeline, PlaybackState.FINISHED)
        at, likeness = wait_until_heard(path, said)
        sound_heard = heard(path)
        counters = pipeline.actor("speaker").health.counters
    assert (finished.played_samples, finished.underruns) == (len(said), 0)
    assert likeness > 0.99
    # Every half second is where it belongs: a gap anywhere would shift all that follows.
    for first in range(0, len(said) - 12_000, 12_000):
        piece = said[first : first + 12_000]
        if np.abs(piece).max() > 1_000:
            there, _ = find(piece, sound_heard[at + first - 2_400 : at + first + 14_400])
            assert abs(there - 2_400) <= 1, f"shifted after {first / 24_000:.1f} s"
    assert counters.get("device_underflows", 0) == 0


def test_barge_in_stops_the_sound_and_says_to_the_sample_what_was_heard(
    sound: SoundServer, tmp_path: Path
) -> None:
    seconds = np.arange(30 * 24_000) / 24_000
    tone = (np.sin(seconds * 2 * np.pi * 500) * 8_000).astype(np.int16)
    with sound.listening() as path, speaker(sound, tmp_path) as (pipeline, feeding):
        feeding.answer(tone)
        reported(pipeline, PlaybackState.PLAYING, least=12_000)
        feeding.user_speaks(500)
        stopped = reported(pipeline, PlaybackState.INTERRUPTED)
        feeding.answer(tone[:24_000], end=False)
        # What is heard after the next answer has begun came after the old one was stopped.
        marker = recording()
        feeding.answer(marker, turn="local:500")
        at, _ = wait_until_heard(path, marker)
        before = np.abs(heard(path)[:at].astype(int)) > 200
        counters = pipeline.actor("speaker").health.counters
    loud = np.flatnonzero(before)
    assert loud[-1] - loud[0] == pytest.approx(stopped.played_samples, abs=6 * MS)
    assert 12_000 <= stopped.played_samples < len(tone) // 2
    assert counters["late_dropped"] >= 25


def test_a_vanished_sound_server_is_waited_for_and_the_answer_goes_on_f23(
    sound: SoundServer, tmp_path: Path
) -> None:
    said = recording("austen-0890.wav")
    with speaker(sound, tmp_path) as (pipeline, feeding):
        feeding.answer(said)
        reported(pipeline, PlaybackState.PLAYING, least=12_000)
        sound.unplug_all()
        status = pipeline.until(lambda s: state_of(s) is ActorState.DEGRADED, "a lost speaker")
        assert any("speaker:" in a.health.detail for a in status.actors if a.health)
        sound.plug_in_all()
        with sound.listening() as path:
            pipeline.until(lambda s: state_of(s) is ActorState.READY, "a speaker again")
            finished = reported(pipeline, PlaybackState.FINISHED)
            rest = said[-36_000:]
            wait_until_heard(path, rest)
        after = pipeline.actor("speaker")
    assert finished.played_samples == len(said)
    assert after.restarts == 0
    assert after.health.counters["device_lost"] == 1


def test_a_suspended_speaker_swallows_nothing(sound: SoundServer, tmp_path: Path) -> None:
    said = recording()
    with speaker(sound, tmp_path) as (pipeline, feeding):
        sound.control("suspend-sink", "vspk", "1")
        pipeline.until(lambda s: state_of(s) is ActorState.DEGRADED, "a lost speaker")
        feeding.answer(said)
        sound.control("suspend-sink", "vspk", "0")
        with sound.listening() as path:
            reported(pipeline, PlaybackState.FINISHED)
            wait_until_heard(path, said[12_000:])


def test_a_device_that_is_not_there_is_refused_by_name(sound: SoundServer, tmp_path: Path) -> None:
    config = tmp_path / "sound.yaml"
    actors = {
        "stand_in": {"use": f"{Path(__file__).parent / 'stand_in.py'}:StandIn"},
        "speaker": {
            "use": "speaker",
            "inputs": {"audio": "stand_in.audio", "answer": "stand_in.answer"},
            "options": {"device": "vspeak"},
        },
    }
    config.write_text(yaml.safe_dump({"name": "sound", "actors": actors}))
    with running(config, "--external", "stand_in", env=sound.env, cwd=tmp_path) as pipeline:
        assert pipeline.wait() == 2
    assert "no output device 'vspeak': did you mean 'vspk'" in pipeline.output
