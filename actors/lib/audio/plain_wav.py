"""WAV files of 16-bit samples, read without FFmpeg, which would cost 17 MiB."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path

from actors.lib.audio.pcm import SAMPLE_BYTES, Samples, to_samples

PIECE_SAMPLES = 4096
"""A quarter of a second at 16 kHz."""


def is_plain_wav(path: Path, rate_hz: int | None = None) -> bool:
    """Return whether `read_plain_wav` can read the file.

    Args:
        path: The file.
        rate_hz: The rate it must have; None: any.
    """
    try:
        with wave.open(str(path)) as file:
            return (
                file.getnframes() > 0
                and file.getnchannels() == 1
                and file.getsampwidth() == SAMPLE_BYTES
                and rate_hz in (None, file.getframerate())
            )
    except (OSError, wave.Error, EOFError):
        return False


def read_plain_wav(path: Path) -> Iterator[Samples]:
    """Yield the samples of a mono file at its own rate; a file cut short ends early."""
    with wave.open(str(path)) as file:
        while content := file.readframes(PIECE_SAMPLES):
            yield to_samples(content[: len(content) // SAMPLE_BYTES * SAMPLE_BYTES])
