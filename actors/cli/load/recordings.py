"""What callers say: the recordings of the package, or files of the user's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml

import configs
from actors.lib.audio.decode import decode
from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples

FOLDER = Path(configs.__file__).parent / "speech"
WORDS_FILE = "words.yaml"
"""Beside recordings: what is said in each."""


@dataclass(frozen=True)
class SpokenRecording:
    """Something to say.

    Attributes:
        name: Of the file.
        path: Of the file.
        words: What is said; empty: not known.
    """

    name: str
    path: Path
    words: str

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples(SPEECH_RATE_HZ)) / SPEECH_RATE_HZ

    def samples(self, rate_hz: int) -> Samples:
        """Return its sound.

        Raises:
            DeviceError: it is no sound.
        """
        return _samples(self.path, rate_hz)


def recordings(files: Sequence[Path] = ()) -> list[SpokenRecording]:
    """Return what is said: these files, or those of the package.

    Raises:
        DeviceError: a file is no sound.
    """
    found = [*files] or sorted(FOLDER.glob("*.wav"))
    said = [SpokenRecording(each.name, each, _words_of(each)) for each in found]
    for each in said:
        each.samples(SPEECH_RATE_HZ)
    return said


def _words_of(path: Path) -> str:
    beside = path.parent / WORDS_FILE
    known = yaml.safe_load(beside.read_text()) if beside.is_file() else {}
    return str(known.get(path.name, "")) if isinstance(known, dict) else ""


@cache
def _samples(path: Path, rate_hz: int) -> Samples:
    return np.concatenate([*decode(path, rate_hz)])
