"""Recorded speech as samples and as frames."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from actors.lib.audio.pcm import Samples, samples_to_ns, to_pcm
from pipeline.frames import Audio

SPEECH = Path(__file__).parents[2] / "speech"
RECORDINGS = sorted(path.name for path in SPEECH.glob("*.wav"))
BEGAN_NS = 7_000_000_000
"""Capture time of sample 0 in these tests."""


def recording(name: str) -> Samples:
    with wave.open(str(SPEECH / name)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def quiet(seconds: float) -> Samples:
    return np.zeros(round(seconds * 16_000), np.int16)


def noise(seconds: float, level: float = 25.0) -> Samples:
    """The hiss of a quiet room, at the level of that in the recordings."""
    return np.random.default_rng(1).normal(0, level, round(seconds * 16_000)).astype(np.int16)


def padded(name: str, seconds: float = 1.0) -> Samples:
    return np.concatenate([quiet(seconds), recording(name), quiet(seconds)])


def frames(
    samples: Samples,
    *,
    start: int = 0,
    lengths: Sequence[int] = (),
    session: str = "local",
    final: bool = False,
) -> list[Audio]:
    """Cut `samples`, the first of which is at position `start`, into blocks.

    Args:
        samples: The sound.
        start: Position of its first sample.
        lengths: Lengths of the first blocks; the others have 320 samples.
        session: Whose they are.
        final: The stream ends with the last block.
    """
    out = []
    cuts = iter(lengths)
    taken = 0
    while taken < len(samples):
        piece = samples[taken : taken + next(cuts, 320)]
        taken += len(piece)
        out.append(
            Audio(
                session=session,
                position=start + taken - len(piece),
                pcm=to_pcm(piece),
                origin_ns=BEGAN_NS + samples_to_ns(start + taken - 1),
                final=final and taken == len(samples),
            )
        )
    return out
