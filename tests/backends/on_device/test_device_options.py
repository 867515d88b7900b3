"""Settings of the device backend."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from actors.backends.on_device import Device
from actors.backends.on_device.options import DeviceOptions, WordsOptions
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
    assert options.words is not None
    assert options.words.base_url == base_url.rstrip("/")


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
    words = WordsOptions(base_url="http://127.0.0.1:1/v1", model="m")
    Device.check(DeviceOptions(language="th", words=words), tmp_path)
    with pytest.raises(ConfigError, match="espeak-ng has no voice for 'xx'"):
        Device.check(DeviceOptions(language="xx", words=words), tmp_path)
