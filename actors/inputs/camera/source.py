"""What the `source` option names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from actors.lib.audio.decode import require_file
from pipeline.errors import DeviceError

DEVICES = Path("/dev")
DEVICE_NAMES = Path("/sys/class/video4linux")
PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")

_ADDRESS = re.compile(r"^(https?|rtsp)://", re.IGNORECASE)
_NUMBER = re.compile(r"%0?\d*d")


class SourceKind(StrEnum):
    """How pictures are got."""

    DEVICE = "device"
    FILE = "file"
    PICTURES = "pictures"
    ADDRESS = "address"


@dataclass(frozen=True)
class PictureSource:
    """One place where pictures come from."""

    kind: SourceKind
    target: str
    pictures: tuple[Path, ...] = ()

    @property
    def live(self) -> bool:
        """Whether it goes on for ever, and may go away and come back."""
        return self.kind in (SourceKind.DEVICE, SourceKind.ADDRESS)


def find_source(source: int | str, config_dir: Path) -> PictureSource:
    """Return what `source` names.

    Raises:
        DeviceError: there is no such device, file or folder; the message names what there is.
    """
    text = str(source)
    if text.isdecimal():
        return _device(DEVICES / f"video{text}")
    if text.startswith("/dev/"):
        return _device(Path(text))
    if _ADDRESS.match(text):
        return PictureSource(SourceKind.ADDRESS, text)
    path = config_dir / Path(text).expanduser()
    if _NUMBER.search(path.name):
        return _pictures(path.parent, path.name, path)
    if path.is_dir():
        return _pictures(path, None, path)
    require_file(path, "video file")
    if path.suffix.lower() in PICTURES:
        return PictureSource(SourceKind.PICTURES, str(path), (path,))
    return PictureSource(SourceKind.FILE, str(path))


def _device(path: Path) -> PictureSource:
    if not path.exists():
        there = [_described(each) for each in sorted(DEVICES.glob("video*"))]
        raise DeviceError(
            f"no camera {path}: "
            + (f"there is {', '.join(there)}" if there else "no camera is connected")
        )
    return PictureSource(SourceKind.DEVICE, str(path))


def _described(path: Path) -> str:
    name = DEVICE_NAMES / path.name / "name"
    return f"{path} ({name.read_text().strip()})" if name.is_file() else str(path)


def _pictures(folder: Path, pattern: str | None, shown: Path) -> PictureSource:
    if not folder.is_dir():
        raise DeviceError(f"no pictures {shown}: there is no folder {folder}")
    found = sorted(each for each in folder.iterdir() if each.suffix.lower() in PICTURES)
    if pattern is not None:
        before, after = (re.escape(part) for part in _NUMBER.split(pattern, maxsplit=1))
        numbered = re.compile(f"{before}([0-9]+){after}")
        matches = ((numbered.fullmatch(each.name), each) for each in found)
        found = [each for _, each in sorted((int(m[1]), each) for m, each in matches if m)]
    if not found:
        raise DeviceError(f"no pictures {shown}: put {', '.join(PICTURES)} files there")
    return PictureSource(SourceKind.PICTURES, str(shown), tuple(found))
