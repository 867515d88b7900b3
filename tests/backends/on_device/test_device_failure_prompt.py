"""The failure prompts that come with the device backend."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from device_turns import recognise

from actors.backends.on_device.failure_prompt import MARGIN_S, PROMPTS, make_prompt
from actors.backends.on_device.intents import english
from actors.lib.languages.phrases import table_of
from actors.lib.languages.tags import tabled
from actors.lib.speech.numbers import words


def test_the_english_prompt_says_its_text() -> None:
    with wave.open(str(PROMPTS / "en.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
        pcm = file.readframes(-1)
    assert recognise(pcm) == words(english().notice)


@pytest.mark.parametrize("language", [each for each in tabled() if each != "en"])
def test_each_prompt_is_its_notice_spoken(language: str, tmp_path: Path) -> None:
    """Made again, it is as long and as loud: the file belongs to the words of the table."""
    phrases = table_of(language)
    path = tmp_path / "again.wav"
    make_prompt(phrases.say("notice").spoken, phrases.voice, path)
    kept, again = _samples(PROMPTS / f"{language}.wav"), _samples(path)
    assert len(again) == pytest.approx(len(kept), rel=0.02)
    assert np.abs(again).max() == pytest.approx(np.abs(kept).max(), rel=0.1)


def test_any_prompt_can_be_made_and_begins_at_once(tmp_path: Path) -> None:
    path = tmp_path / "failure_prompt.wav"
    make_prompt("The office is closed today.", "en", path)
    samples = np.abs(_samples(path))
    loud = np.flatnonzero(samples > samples.max() / 100)
    assert loud[0] <= MARGIN_S * 24_000
    pcm = _samples(path).astype("<i2").tobytes()
    assert recognise(pcm) == ["the", "office", "is", "closed", "today"]


def _samples(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert file.getframerate() == 24_000
        return np.frombuffer(file.readframes(-1), "<i2").astype(int)
