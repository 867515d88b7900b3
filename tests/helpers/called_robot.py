"""What people say to a robot that waits for its name."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from actors.lib.audio.pcm import BLOCK_SAMPLES, SPEECH_RATE_HZ, Samples, to_pcm
from benchmarks.wake import hibari
from pipeline.frames import Audio

ROOM = 6
"""Standard deviation of the noise of a quiet room: -75 dBFS."""


def spoken(sentence: str, seed: int = 0) -> Samples:
    """A sentence at the rate of a microphone, by a voice that is made on the machine."""
    return hibari(seed, sentence)


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
