"""The spoken notice that comes with the device backend."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import numpy as np

from actors.backends.on_device.failure_prompt import MARGIN_S, NOTICE, NOTICE_FILE, make_notice
from actors.lib.speech.numbers import words
from actors.lib.speech.recognizer import MoonshineRecognizer


async def _recognise(pcm: bytes, rate_hz: int) -> str:
    recognizer = MoonshineRecognizer()
    try:
        await recognizer.start()
        return await recognizer.hear(pcm, rate_hz)
    finally:
        await recognizer.stop()


def test_notice_says_its_text() -> None:
    with wave.open(str(NOTICE_FILE)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
        pcm = file.readframes(-1)
    assert words(asyncio.run(_recognise(pcm, 24_000))) == words(NOTICE)


def test_any_notice_can_be_made_and_begins_at_once(tmp_path: Path) -> None:
    path = tmp_path / "notice.wav"
    make_notice("The office is closed today.", path)
    with wave.open(str(path)) as file:
        pcm = file.readframes(-1)
        assert file.getframerate() == 24_000
    samples = np.abs(np.frombuffer(pcm, "<i2").astype(int))
    loud = np.flatnonzero(samples > samples.max() / 100)
    assert loud[0] <= MARGIN_S * 24_000
    assert words(asyncio.run(_recognise(pcm, 24_000))) == ["the", "office", "is", "closed", "today"]
