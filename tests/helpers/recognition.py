"""Ears to check what was said with."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

from actors.simulator.stt import make_stt


def recognise(path: Path) -> str:
    """Return the words in a WAV file, in lower case and without punctuation."""
    with wave.open(str(path)) as file:
        return recognised(file.readframes(-1), file.getframerate())


def recognised(pcm: bytes, rate_hz: int) -> str:
    """Return the words in samples of one channel."""

    async def listen() -> str:
        ears = make_stt("moonshine")
        await ears.start()
        try:
            return await ears.hear(pcm, rate_hz)
        finally:
            await ears.stop()

    return words(asyncio.run(listen()))


def words(text: str) -> str:
    """Lower case, without punctuation, "mr" written out."""
    kept = "".join(c if c.isalnum() else " " for c in text.lower())
    return " ".join("mister" if word == "mr" else word for word in kept.split())
