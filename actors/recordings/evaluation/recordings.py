"""Recordings and what is known of them: words in `NAME.txt`, turns in `NAME.labels.txt`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from actors.lib.audio.decode import decode
from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples
from actors.lib.media_files import files_in, require_file
from pipeline.errors import GreenroomError

SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".webm", ".mp4")
"""Taken for recordings in a folder; a file named on the command line may have any."""
WORDS_SUFFIX, LABELS_SUFFIX = ".txt", ".labels.txt"


class Interval(NamedTuple):
    """From when to when, s from the beginning of the recording."""

    start_s: float
    end_s: float

    def overlap_s(self, other: Interval) -> float:
        """How much of the time both have; 0 if none."""
        return max(0.0, min(self.end_s, other.end_s) - max(self.start_s, other.start_s))


@dataclass(frozen=True)
class ReferenceLabels:
    """What is known of a recording; None is not known.

    Attributes:
        words: What is said in it; empty if nothing is.
        turns: When the user's turns begin and end.
    """

    words: str | None = None
    turns: tuple[Interval, ...] | None = None


@dataclass(frozen=True)
class Recorded:
    """A recording.

    Attributes:
        name: Its path below the folder that was named.
        path: Where it is.
        digest: SHA-256 of the file.
        reference: What is known of it.
    """

    name: str
    path: Path
    digest: str
    reference: ReferenceLabels

    def samples(self) -> Samples:
        """Return its sound, 16 kHz mono.

        Raises:
            DeviceError: it cannot be read.
        """
        return np.concatenate([np.zeros(0, np.int16), *decode(self.path)])


def find_recordings(places: Sequence[Path]) -> list[Recorded]:
    """Return the recordings in folders, those below included, and the files that are named.

    What others put beside them is left out: `._NAME` of macOS, folders of network disks.

    Raises:
        GreenroomError: there are none, two have one name, or one, or a reference, cannot be read.
    """
    found: dict[str, Recorded] = {}
    for place in places:
        if not place.exists():
            raise GreenroomError(f"there is no {place}: name a recording or a folder of recordings")
        if not place.is_dir():
            require_file(place, "recording")
        paths = files_in(place, SUFFIXES, below=True) if place.is_dir() else [place]
        base = place if place.is_dir() else place.parent
        for path in paths:
            name = path.relative_to(base).as_posix()
            if name in found:
                raise GreenroomError(f"{found[name].path} and {path} have one name: rename one")
            found[name] = Recorded(name, path, _digest(path), read_reference(path))
    if not found:
        where = ", ".join(map(str, places))
        raise GreenroomError(f"no recordings in {where}: looked for {' '.join(SUFFIXES)}")
    return list(found.values())


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise GreenroomError(f"{path} cannot be read: {error.strerror}") from error


def read_reference(recording: Path) -> ReferenceLabels:
    """Return what the files beside a recording say.

    Raises:
        GreenroomError: one cannot be read.
    """
    words_path, labels_path = (
        recording.with_suffix(suffix) for suffix in (WORDS_SUFFIX, LABELS_SUFFIX)
    )
    words = _read(words_path) if words_path.exists() else None
    if not labels_path.exists():
        return ReferenceLabels(words)
    labels = read_labels(_read(labels_path), str(labels_path))
    if words is None and all(text for _, text in labels):
        words = " ".join(text for _, text in labels)
    return ReferenceLabels(words, tuple(interval for interval, _ in labels))


def read_labels(content: str, name: str) -> list[tuple[Interval, str]]:
    """Return times and texts of a label track as Audacity exports it, by time.

    Args:
        content: Lines `start<TAB>end<TAB>text`, times in s; the text may be missing.
        name: Of the file, for errors.

    Raises:
        GreenroomError: a line is something else.
    """
    labels = []
    for number, line in enumerate(content.splitlines(), 1):
        # A line that begins with a backslash holds the frequencies of the label above.
        if not line.strip() or line.startswith("\\"):
            continue
        start, _, rest = line.partition("\t")
        end, _, text = rest.partition("\t")
        try:
            interval = Interval(float(start), float(end))
        except ValueError:
            interval = Interval(0.0, 0.0)
        if not 0 <= interval.start_s < interval.end_s:
            raise GreenroomError(
                f"{name}:{number}: a turn is written start<TAB>end<TAB>text, in seconds, "
                f"the end after the start: not {line!r}"
            )
        labels.append((interval, text.strip()))
    return sorted(labels)


def duration_s(samples: Samples) -> float:
    """Return how long so many samples last."""
    return len(samples) / SPEECH_RATE_HZ


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig").strip("\r\n ")
    except (OSError, UnicodeDecodeError) as error:
        raise GreenroomError(f"{path} cannot be read as UTF-8 text: {error}") from error
