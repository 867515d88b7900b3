"""What people say to a robot that waits for its name."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import soxr

from actors.lib.audio.pcm import BLOCK_SAMPLES, SPEECH_RATE_HZ, Samples, to_pcm
from actors.lib.speech.synthesizer import VOICE_RATE_HZ, synthesize
from pipeline.frames import Audio

ROOM = 6
"""Standard deviation of the noise of a quiet room: -75 dBFS."""


def spoken(sentence: str, seed: int = 0) -> Samples:
    """A sentence at the rate of a microphone, by a voice that is made on the machine."""
    samples = np.frombuffer(synthesize(sentence, seed), np.int16)
    return np.asarray(soxr.resample(samples, VOICE_RATE_HZ, SPEECH_RATE_HZ), np.int16)


def trimmed(samples: Samples) -> Samples:
    """The same without the silence around it."""
    loud = np.flatnonzero(np.abs(samples.astype(int)) > 300)
    return samples[loud[0] : loud[-1] + 1]


def quiet(seconds: float) -> Samples:
    """The noise of a room."""
    rng = np.random.default_rng(7)
    return rng.normal(0, ROOM, round(seconds * SPEECH_RATE_HZ)).astype(np.int16)


def blocks(parts: Sequence[Samples], position: int = 0) -> list[Audio]:
    """What a microphone sends of it; the newest sample is heard now."""
    sound = np.concatenate(parts)
    count = len(sound) // BLOCK_SAMPLES
    newest_ns = time.monotonic_ns()
    return [
        Audio(
            position=position + index * BLOCK_SAMPLES,
            pcm=to_pcm(sound[index * BLOCK_SAMPLES : (index + 1) * BLOCK_SAMPLES]),
            origin_ns=newest_ns - (count - 1 - index) * 20_000_000,
        )
        for index in range(count)
    ]
