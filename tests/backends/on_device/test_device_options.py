"""Settings of the device backend."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from actors.backends.on_device import Device
from actors.backends.on_device.mind import file
from actors.backends.on_device.options import DeviceOptions, MindOptions
from actors.lib.speech import whisper
from pipeline.errors import ConfigError


@pytest.mark.parametrize(
    "base_url",
    [
        "http://127.0.0.1:11434/v1",
        "http://localhost:8080/v1",
        "http://[::1]:8080/v1",
        "http://192.168.1.20:11434/v1/",
        "http://workstation:11434/v1",
        "https://workstation.local/v1",
    ],
)
def test_server_in_the_house_is_taken(base_url: str) -> None:
    options = DeviceOptions.model_validate({"words": {"base_url": base_url, "model": "m"}})
    assert options.mind is not None
    assert options.mind.url == base_url.rstrip("/")


@pytest.mark.parametrize(
    ("base_url", "complaint"),
    [
        ("https://api.example.com/v1", "api.example.com is not on this machine"),
        ("http://8.8.8.8/v1", "8.8.8.8 is not on this machine"),
        ("127.0.0.1:11434", "is no http address"),
        ("ftp://127.0.0.1/v1", "is no http address"),
    ],
)
def test_server_on_the_internet_is_refused(base_url: str, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        DeviceOptions.model_validate({"words": {"base_url": base_url, "model": "m"}})


@pytest.mark.parametrize(
    ("named", "languages"),
    [
        (None, ()),
        ("en", ("en",)),
        ("German", ("German",)),
        (["hi", "en-IN"], ("hi", "en-IN")),
        ("hi, en-IN,", ("hi", "en-IN")),
        ([], ()),
    ],
)
def test_one_language_or_several_are_taken(named: object, languages: tuple[str, ...]) -> None:
    assert DeviceOptions.model_validate({"language": named}).languages == languages


@pytest.mark.parametrize("language", ["en-GB", "de", "German", "pt-BR", "es-MX", "ja", "hi, ar"])
def test_languages_with_a_voice_and_words_are_taken(language: str, tmp_path: Path) -> None:
    Device.check(DeviceOptions(language=language), tmp_path)


@pytest.mark.parametrize(
    ("language", "complaint"),
    [
        ("th", r"nothing to say in 'th', only in en, ar, .* name one of these, or a local model"),
        ("de, xx", "nothing to say in 'xx'"),
    ],
)
def test_a_language_that_it_cannot_speak_is_refused_with_the_way_out(
    language: str, complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=complaint):
        Device.check(DeviceOptions(language=language), tmp_path)


def test_with_a_local_model_it_speaks_whatever_has_a_voice(tmp_path: Path) -> None:
    mind = MindOptions(url="http://127.0.0.1:1/v1", model="m")
    Device.check(DeviceOptions(language="th", mind=mind), tmp_path)
    with pytest.raises(ConfigError, match="espeak-ng has no voice for 'xx'"):
        Device.check(DeviceOptions(language="xx", mind=mind), tmp_path)


@pytest.mark.parametrize(
    ("mind", "complaint"),
    [
        ({}, "name a `url` and a `model`, or a `file`"),
        ({"url": "http://127.0.0.1:1/v1"}, "name the `model` on that server"),
        ({"url": "http://127.0.0.1:1/v1", "file": "a.gguf"}, "or a `file`"),
    ],
)
def test_a_mind_is_in_one_place(mind: dict[str, str], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        DeviceOptions.model_validate({"mind": mind})


def test_a_folder_without_a_recognition_model_is_refused_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whisper, "find_spec", lambda name: name)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.bin").write_bytes(b"CT2")
    for folder, complaint in (
        ("gone", r"gone is no folder: name one with a Whisper model"),
        ("model", r"model lacks config.json and tokenizer.json: .*faster-whisper-small"),
    ):
        options = DeviceOptions.model_validate({"recognition": {"folder": folder}})
        with pytest.raises(ConfigError, match=complaint):
            Device.check(options, tmp_path)


def test_a_file_that_is_no_language_model_is_refused_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mind.gguf").write_bytes(b"PK zip")
    options = DeviceOptions.model_validate({"mind": {"file": "mind.gguf"}})
    with pytest.raises(ConfigError, match="needs llama-cpp-python: pip install"):
        Device.check(options, tmp_path)
    monkeypatch.setattr(file, "find_spec", lambda name: name)
    with pytest.raises(ConfigError, match=r"mind.gguf is no GGUF file: download one"):
        Device.check(options, tmp_path)
    (tmp_path / "mind.gguf").unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        Device.check(options, tmp_path)
