"""Ears to check what was said with."""

from __future__ import annotations

import wave
from pathlib import Path

from actors.lib.audio.pcm import to_samples
from benchmarks.phone_callers.heard_words import plain
from benchmarks.phone_callers.heard_words import recognised as recognised_each


def recognise(path: Path) -> str:
    """Return the words in a WAV file, in lower case and without punctuation."""
    with wave.open(str(path)) as file:
        return recognised(file.readframes(-1), file.getframerate())


def recognised(pcm: bytes, rate_hz: int) -> str:
    """Return the words in samples of one channel."""
    return words(*recognised_each([to_samples(pcm)], rate_hz))


def words(text: str) -> str:
    """Lower case, without punctuation, "mr" written out."""
    return " ".join("mister" if word == "mr" else word for word in plain(text).split())
