"""Settings of the device backend."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from actors.backends.on_device.options import DeviceOptions


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


@pytest.mark.parametrize("language", ["en", "en-GB", "en_US", "English"])
def test_english_is_taken(language: str) -> None:
    assert DeviceOptions(language=language).language == language


def test_other_language_is_refused_with_the_way_out() -> None:
    with pytest.raises(ValidationError, match=r"only English .* not 'de'.* route\.backends"):
        DeviceOptions(language="de")
