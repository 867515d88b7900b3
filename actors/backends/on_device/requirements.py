"""What has to be here for the device to answer: packages, voices, models."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from actors.backends.on_device.mind.file import wrong_file
from actors.backends.on_device.options import DeviceOptions
from actors.lib.languages.phrases import phrases_of
from actors.lib.languages.tags import tabled
from actors.lib.speech.voices import cannot_speak
from actors.lib.speech.whisper import wrong_folder
from pipeline.errors import ConfigError

NEEDED = {"moonshine_voice": "moonshine-voice", "hibari": "hibari-tts"}
"""Package to install, by the module it holds."""


def check_requirements(options: DeviceOptions, config_dir: Path) -> None:
    """Check before the start: when they are needed there is no network.

    Raises:
        ConfigError: something is missing; says what to do.
    """
    missing = [package for module, package in NEEDED.items() if find_spec(module) is None]
    if missing:
        raise ConfigError(
            f"the device backend needs {' and '.join(missing)}: "
            "install greenroom with its extra `device`"
        )
    for language in options.languages:
        if why := why_not_spoken(language, options):
            raise ConfigError(f"language: {why}")
    recognition = options.recognition
    if recognition is not None and (why := wrong_folder(config_dir / recognition.folder)):
        raise ConfigError(f"recognition.folder: {why}")
    file = options.mind.file if options.mind is not None else None
    if file is not None and (why := wrong_file(config_dir / file)):
        raise ConfigError(f"mind.file: {why}")


def why_not_spoken(language: str, options: DeviceOptions) -> str:
    """Return why the device does not speak a language, and what to do; empty if it does."""
    if phrases_of(language) is None and options.mind is None:
        known = ", ".join(tabled())
        return (
            f"the device has nothing to say in {language!r}, only in {known}: "
            "name one of these, or a local model in `mind`"
        )
    return cannot_speak(language)
