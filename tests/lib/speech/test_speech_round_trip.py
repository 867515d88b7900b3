"""What is spoken on the device is understood on the device."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import pytest

from actors.lib.speech.numbers import words
from actors.lib.speech.recognizer import MoonshineRecognizer
from actors.lib.speech.synthesizer import VOICE_RATE_HZ, HibariSynthesizer

SPEECH = Path(__file__).parents[2] / "speech"


async def _recognise(pcm: bytes, rate_hz: int) -> str:
    recognizer = MoonshineRecognizer()
    try:
        await recognizer.start()
        return await recognizer.hear(pcm, rate_hz)
    finally:
        await recognizer.stop()


async def _speak(sentence: str) -> bytes:
    synthesizer = HibariSynthesizer()
    try:
        await synthesizer.start()
        return await synthesizer.speak(sentence)
    finally:
        await synthesizer.stop()


def test_recording_of_a_person_is_understood() -> None:
    with wave.open(str(SPEECH / "goforward.wav")) as file:
        heard = asyncio.run(_recognise(file.readframes(-1), file.getframerate()))
    assert words(heard) == ["go", "forward", "ten", "meters"]


def test_silence_has_no_words() -> None:
    assert asyncio.run(_recognise(bytes(32_000), 16_000)) == ""
    assert asyncio.run(_recognise(b"", 16_000)) == ""


@pytest.mark.parametrize(
    "sentence",
    ["I cannot answer that now, because I cannot reach the internet.", "It is five past twelve."],
)
def test_spoken_sentence_is_recognised(sentence: str) -> None:
    pcm = asyncio.run(_speak(sentence))
    assert len(pcm) / 2 / VOICE_RATE_HZ > 1
    assert words(asyncio.run(_recognise(pcm, VOICE_RATE_HZ))) == words(sentence)


def test_nothing_to_say_is_no_sound() -> None:
    assert asyncio.run(_speak("")) == b""


@pytest.mark.parametrize("samples", [6_000, 12_000, 24_000])
def test_sound_before_does_not_change_what_is_understood(samples: int) -> None:
    with wave.open(str(SPEECH / "cards-003.wav")) as file:
        before = file.readframes(samples)
    with wave.open(str(SPEECH / "goforward.wav")) as file:
        recording = file.readframes(-1)

    async def hear() -> str:
        recognizer = MoonshineRecognizer()
        try:
            await recognizer.start()
            await recognizer.hear(before, 16_000)
            return await recognizer.hear(recording, 16_000)
        finally:
            await recognizer.stop()

    assert words(asyncio.run(hear())) == ["go", "forward", "ten", "meters"]
