"""File rotation: when a recording goes on in a new file, and which are removed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RotationLimits:
    """Of the files of one recording; None is no limit.

    Attributes:
        max_bytes: A file that has grown so long is the last of its kind.
        max_age_s: The same by time.
        keep_files: When a new file is begun, the oldest beyond so many are removed.
    """

    max_bytes: int | None = None
    max_age_s: float | None = None
    keep_files: int | None = None


def is_due(limits: RotationLimits, size_bytes: int, age_s: float) -> bool:
    """Return whether a new file is to be begun."""
    too_long = limits.max_bytes is not None and size_bytes >= limits.max_bytes
    too_old = limits.max_age_s is not None and age_s >= limits.max_age_s
    return too_long or too_old


def surplus(limits: RotationLimits, files: Sequence[Path]) -> list[Path]:
    """Return which of the files, oldest first, the newest included, are to be removed."""
    if limits.keep_files is None:
        return []
    return list(files[: -limits.keep_files])


def numbered(path: Path, number: int) -> Path:
    """Return the name of the nth file of a recording; the first has no number."""
    if number == 1:
        return path
    return path.with_name(f"{path.stem}-{number}{path.suffix}")
