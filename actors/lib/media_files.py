"""Files that people name and folders that people fill: what is there, and what is only beside."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.errors import DeviceError, did_you_mean

COMPANION_FOLDERS = frozenset({"__MACOSX", "@eaDir", "#recycle", "$RECYCLE.BIN", "lost+found"})
"""What archives of macOS, network disks of Synology, Windows and Linux put beside people's files.
What begins with a dot is left out as well: `._NAME` is macOS's note on NAME, of the same suffix."""


def is_companion(name: str) -> bool:
    """Whether a file or folder of this name is not the user's own, but beside it."""
    return name.startswith(".") or name in COMPANION_FOLDERS


def files_in(folder: Path, suffixes: Iterable[str], *, below: bool = False) -> list[Path]:
    """Return the user's own files with one of these suffixes, sorted.

    Args:
        folder: Where.
        suffixes: In lower case, with the dot.
        below: Also in the folders below.
    """
    wanted = frozenset(suffixes)
    own = (each for each in _own(folder, below) if each.suffix.lower() in wanted)
    return sorted(each for each in own if each.is_file())


def require_file(path: Path, what: str) -> None:
    """Check that `path` is a file that can be read.

    Raises:
        DeviceError: it is not; the message says what it is, or names what is near it.
    """
    if path.is_dir():
        raise DeviceError(f"{what} {path} is a folder: name a file in it")
    if path.is_symlink() and not path.exists():
        raise DeviceError(f"{what} {path} is a link to {path.readlink()}, which is not there")
    if not path.exists():
        if not path.parent.is_dir():
            raise DeviceError(f"no {what} {path}: there is no folder {path.parent}")
        here = [each.name for each in _own(path.parent, below=False)]
        raise DeviceError(f"no {what} {path}: {did_you_mean(path.name, here)}")
    if not path.is_file():
        raise DeviceError(f"{what} {path} is a pipe or a device: name a file")
    if not os.access(path, os.R_OK):
        raise DeviceError(f"{what} {path} may not be read by this user: look at its permissions")


def _own(folder: Path, below: bool) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        folders[:] = [each for each in folders if below and not is_companion(each)]
        for name in files:
            if not is_companion(name):
                yield Path(here) / name
