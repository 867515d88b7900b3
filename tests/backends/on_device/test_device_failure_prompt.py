"""The failure prompt that comes with the device backend."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import numpy as np

from actors.backends.on_device.failure_prompt import MARGIN_S, PROMPT, PROMPT_FILE, make_prompt
from actors.lib.speech.numbers import words
from actors.lib.speech.recognizer import MoonshineRecognizer


async def _recognise(pcm: bytes, rate_hz: int) -> str:
    recognizer = MoonshineRecognizer()
    try:
        await recognizer.start()
        return await recognizer.hear(pcm, rate_hz)
    finally:
        await recognizer.stop()


def test_the_prompt_says_its_text() -> None:
    with wave.open(str(PROMPT_FILE)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
        pcm = file.readframes(-1)
    assert words(asyncio.run(_recognise(pcm, 24_000))) == words(PROMPT)


def test_any_prompt_can_be_made_and_begins_at_once(tmp_path: Path) -> None:
    path = tmp_path / "failure_prompt.wav"
    make_prompt("The office is closed today.", path)
    with wave.open(str(path)) as file:
        pcm = file.readframes(-1)
        assert file.getframerate() == 24_000
    samples = np.abs(np.frombuffer(pcm, "<i2").astype(int))
    loud = np.flatnonzero(samples > samples.max() / 100)
    assert loud[0] <= MARGIN_S * 24_000
    assert words(asyncio.run(_recognise(pcm, 24_000))) == ["the", "office", "is", "closed", "today"]
