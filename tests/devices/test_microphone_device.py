"""A person speaks into the real sound system: paplay, PulseAudio, ALSA, PortAudio, pipeline."""

from __future__ import annotations

import sys
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from subprocess import run

import numpy as np
import yaml
from sound_server import SoundServer, find

from actors.lib.audio.decode import decode
from actors.lib.audio.pcm import Samples, to_samples
from pipeline.cli.running import listening
from pipeline.frames import ActorState, Audio, Status
from pipeline.testing import RunningPipeline, running

RECORDING = Path(__file__).parent.parent / "speech" / "goforward.wav"
PATIENCE_MS = 60_000
SPEECH_RATE_HZ = 16_000
LOOK_SAMPLES = SPEECH_RATE_HZ // 2
"""What must have come before another look is worth it."""


@contextmanager
def microphone(sound: SoundServer, folder: Path) -> Iterator[RunningPipeline]:
    """A pipeline with nothing but a microphone."""
    config = folder / "sound.yaml"
    # A busy machine must not lose samples: the device holds 200 ms instead of 40.
    actors = {"microphone": {"use": "microphone", "options": {"device": "vmic", "latency": 0.2}}}
    config.write_text(yaml.safe_dump({"name": "sound", "actors": actors}))
    with running(config, env=sound.env, cwd=folder) as pipeline:
        pipeline.until(is_in(ActorState.READY), "a microphone")
        yield pipeline


def is_in(state: ActorState) -> Callable[[Status], bool]:
    return lambda status: any(a.health and a.health.state is state for a in status.actors)


def hear(pipeline: RunningPipeline, said: Samples) -> tuple[list[Audio], float]:
    """Return all blocks, retained ones included, up to where `said` has been heard whole."""
    by_seq: dict[int, Audio] = {}
    came = looked = 0
    with listening(pipeline.runtime_dir, "microphone", "audio") as listener:
        for frame in listener.frames(PATIENCE_MS):
            assert isinstance(frame, Audio)
            by_seq[frame.seq] = frame
            came += frame.samples
            if came - looked > LOOK_SAMPLES and came > len(said):
                looked = came
                blocks = [by_seq[seq] for seq in sorted(by_seq)]
                samples = np.concatenate([to_samples(block.pcm) for block in blocks])
                at, likeness = find(said, samples)
                if likeness > 0.9 and len(samples) - at >= len(said):
                    return blocks, likeness
            assert came < PATIENCE_MS * SPEECH_RATE_HZ // 1000, "not heard"
    raise AssertionError("the stream ended")


def end(block: Audio) -> int:
    return block.position + block.samples


def test_the_microphone_hears_what_a_person_says(sound: SoundServer, tmp_path: Path) -> None:
    said = np.concatenate(list(decode(RECORDING)))
    with microphone(sound, tmp_path) as pipeline:
        sound.say(RECORDING)
        blocks, likeness = hear(pipeline, said)
        started_ns = min(block.origin_ns for block in blocks)
        # What was retained comes in pieces of several blocks, and may be all of it.
        pipeline.frame(
            "microphone", "audio", lambda frame: isinstance(frame, Audio) and frame.samples == 320
        )
        counters = pipeline.actor("microphone").health.counters
    assert likeness > 0.99
    assert all(block.samples % 320 == 0 for block in blocks)
    assert all(after.position == end(before) for before, after in pairwise(blocks))
    # Positions count what the clock counts: within 100 ms over the recording.
    lasted_ns = blocks[-1].origin_ns - started_ns
    counted_ns = (end(blocks[-1]) - end(blocks[0])) * 10**9 // SPEECH_RATE_HZ
    assert abs(lasted_ns - counted_ns) < 100_000_000
    assert counters.get("overflows", 0) == 0


def test_an_unplugged_microphone_comes_back_at_the_position_of_the_clock_f23(
    sound: SoundServer, tmp_path: Path
) -> None:
    said = np.concatenate(list(decode(RECORDING)))
    with microphone(sound, tmp_path) as pipeline:
        pipeline.frame("microphone", "audio", lambda frame: isinstance(frame, Audio))
        sound.unplug_all()
        pipeline.until(is_in(ActorState.DEGRADED), "a lost microphone")
        sound.plug_in_all()
        pipeline.until(is_in(ActorState.READY), "a microphone again")
        sound.say(RECORDING)
        blocks, _ = hear(pipeline, said)
        actor = pipeline.actor("microphone")
    (gap,) = [
        (end(after) - end(before), after.origin_ns - before.origin_ns)
        for before, after in pairwise(blocks)
        if after.position != end(before)
    ]
    assert gap[0] > 320
    assert abs(gap[0] * 10**9 // SPEECH_RATE_HZ - gap[1]) < 100_000_000
    assert actor.restarts == 0
    assert actor.health.counters["device_lost"] == 1


def test_a_suspended_microphone_comes_back(sound: SoundServer, tmp_path: Path) -> None:
    said = np.concatenate(list(decode(RECORDING)))
    with microphone(sound, tmp_path) as pipeline:
        sound.control("suspend-source", "vmic_src", "1")
        pipeline.until(is_in(ActorState.DEGRADED), "a lost microphone")
        sound.control("suspend-source", "vmic_src", "0")
        pipeline.until(is_in(ActorState.READY), "a microphone again")
        sound.say(RECORDING)
        _, likeness = hear(pipeline, said)
    assert likeness > 0.95


def test_devices_are_listed_by_name(sound: SoundServer) -> None:
    code = "from actors.lib.audio.devices import *; print(*(d.name for d in list_devices()))"
    done = run(
        [sys.executable, "-c", code],
        env={**sound.environment, "PYTHONPATH": str(Path(__file__).parent.parent.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert {"vspk", "vmic", "default"} <= set(done.stdout.split())


def test_a_stereo_microphone_is_deaf_until_it_gives_sound_and_heard_with_one_channel_inverted(
    sound: SoundServer, tmp_path: Path
) -> None:
    said = np.concatenate(list(decode(RECORDING)))
    inverted = tmp_path / "inverted.wav"
    with wave.open(str(inverted), "wb") as file:
        file.setparams((2, 2, SPEECH_RATE_HZ, 0, "NONE", ""))
        file.writeframes(np.stack([said, -said], axis=1).tobytes())
    sound.unplug_all()
    sound.plug_in_all(microphone_channels=2)
    with microphone(sound, tmp_path) as pipeline:
        status = pipeline.until(is_in(ActorState.DEGRADED), "a deaf microphone")
        assert any("nothing but zeros" in a.health.detail for a in status.actors if a.health)
        sound.say(inverted)
        _, likeness = hear(pipeline, said)
        pipeline.until(is_in(ActorState.READY), "a microphone that hears")
    assert likeness > 0.95
