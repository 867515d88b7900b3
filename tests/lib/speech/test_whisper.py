"""The recogniser in a folder, with a stand-in for the library that has its signatures."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from actors.backends.on_device.ears import Ears
from actors.backends.on_device.options import RecognitionOptions
from actors.lib.speech import whisper
from actors.lib.speech.whisper import RecognitionError, wrong_folder

PCM = bytes(2 * 24_000)


class WhisperModel:
    """As in faster-whisper 1.2; hears the language in which it is asked to listen."""

    def __init__(
        self,
        model_size_or_path: str,
        device: str = "auto",
        compute_type: str = "default",
        *,
        local_files_only: bool = False,
    ) -> None:
        assert (device, compute_type, local_files_only) == ("cpu", "int8", True)
        if not (Path(model_size_or_path) / "model.bin").read_bytes():
            raise RuntimeError("File model.bin is incomplete")
        english = model_size_or_path.endswith(".en")
        self.model = SimpleNamespace(is_multilingual=not english)

    def detect_language(self, audio: np.ndarray) -> tuple[str, float, list[tuple[str, float]]]:
        if not self.model.is_multilingual:
            raise RuntimeError("detect_language can only be called on multilingual models")
        assert audio.dtype == np.float32
        return "uk", 0.6, [("uk", 0.6), ("hi", 0.3), ("ur", 0.1)]

    def transcribe(
        self,
        audio: np.ndarray,
        language: str | None = None,
        *,
        beam_size: int = 5,
        condition_on_previous_text: bool = True,
        without_timestamps: bool = False,
    ) -> tuple[Iterator[Any], Any]:
        assert audio.shape == (16_000,)
        assert (beam_size, condition_on_previous_text, without_timestamps) == (1, False, True)
        texts = [" \u0928\u092e\u0938\u094d\u0924\u0947", "  ", f" {language}"]
        return (SimpleNamespace(text=text) for text in texts), SimpleNamespace(language=language)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    library = ModuleType("faster_whisper")
    library.WhisperModel = WhisperModel  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "faster_whisper", library)
    monkeypatch.setattr(whisper, "find_spec", lambda name: name)
    for name in whisper.NEEDED_FILES:
        (tmp_path / name).write_bytes(b"model")
    return tmp_path


def hear(folder: Path, *languages: str, only: str | None = None) -> tuple[str, str | None]:
    async def listen() -> tuple[str, str | None]:
        ears = Ears(RecognitionOptions(folder=folder, languages=only))
        try:
            await ears.start(languages)
            heard = await ears.hear(PCM, 24_000, ears.understood(languages))
            return heard.text, heard.language
        finally:
            await ears.stop()

    return asyncio.run(listen())


def test_a_model_hears_in_the_language_of_the_session(folder: Path) -> None:
    assert wrong_folder(folder) == ""
    assert hear(folder, "de-DE") == ("\u0928\u092e\u0938\u094d\u0924\u0947 de", "de-DE")


def test_of_several_languages_it_takes_the_likeliest_of_the_session(folder: Path) -> None:
    assert hear(folder, "en", "ur-PK", "hi-IN")[1] == "hi-IN"


def test_what_a_model_does_not_know_is_not_asked_of_it(folder: Path) -> None:
    ears = Ears(RecognitionOptions(folder=folder, languages="Hindi, de"))
    assert ears.understood(("de-AT", "ja", "hi", "en-GB")) == ("de-AT", "hi", "en-GB")
    assert Ears(None).understood(("de-AT", "ja", "en-GB")) == ("en-GB",)
    asyncio.run(ears.stop())


def test_a_model_of_english_alone_does_not_guess_at_other_languages(folder: Path) -> None:
    english = folder.rename(folder.with_name(f"{folder.name}.en"))
    assert hear(english, "hi", "de", "en-GB")[1] == "en-GB"
    with pytest.raises(RecognitionError, match="understands English only: download one without"):
        hear(english, "hi", "de")


def test_a_model_that_cannot_be_loaded_is_an_error_in_words(folder: Path) -> None:
    (folder / "model.bin").write_bytes(b"")
    with pytest.raises(RecognitionError, match=r"is incomplete\): download it again"):
        hear(folder, "de")


def test_a_model_is_loaded_only_for_languages_that_it_is_asked_about(folder: Path) -> None:
    (folder / "model.bin").write_bytes(b"")
    assert hear(folder, "en-GB", "de", only="en, hi") == ("", "en-GB")
