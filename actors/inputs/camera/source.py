"""What the `source` option names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from actors.lib import pi_cameras, video_nodes
from actors.lib.media_files import files_in, require_file
from actors.lib.video_nodes import NodeKind, VideoNode
from pipeline.errors import DeviceError

PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")

_ADDRESS = re.compile(r"^(https?|rtsp)://", re.IGNORECASE)
_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,4}")
"""What a name of a video file ends with; `USB 2.0 Camera` is a camera's."""
_NUMBER = re.compile(r"%0?\d*d")


class SourceKind(StrEnum):
    """How pictures are got."""

    DEVICE = "device"
    PI_CAMERA = "camera"
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
        return self.kind in (SourceKind.DEVICE, SourceKind.PI_CAMERA, SourceKind.ADDRESS)


def find_source(source: int | str | None, config_dir: Path) -> PictureSource:
    """Return what `source` names; None is the first camera.

    Raises:
        DeviceError: there is no such device, file or folder; the message names what there is.
    """
    if source is None:
        return _first_camera()
    text = str(source)
    if text.isdecimal():
        return _device(video_nodes.DEVICES / f"video{text}")
    if text.startswith("/dev/"):
        # As `greenroom devices` prints it, the name stands behind the path.
        return _device(Path(text.partition(" (")[0]))
    if _ADDRESS.match(text):
        return PictureSource(SourceKind.ADDRESS, text)
    if pi_cameras.is_named(text):
        return _pi_camera(pi_cameras.pi_camera_named(text))
    path = config_dir / Path(text).expanduser()
    if _NUMBER.search(path.name):
        return _pictures(path.parent, path.name, path)
    if path.is_dir():
        return _pictures(path, None, path)
    if not path.exists() and not _is_named_like_a_file(path):
        return _camera_named(text)
    require_file(path, "video file")
    if path.suffix.lower() in PICTURES:
        return PictureSource(SourceKind.PICTURES, str(path), (path,))
    return PictureSource(SourceKind.FILE, str(path))


def is_device(source: int | str | None, config_dir: Path) -> bool:
    """Return whether `source` names a camera, there or not, and no file, folder or address."""
    text = str(source)
    if source is None or text.isdecimal() or text.startswith("/dev/"):
        return True
    if pi_cameras.is_named(text):
        return True
    path = config_dir / Path(text).expanduser()
    if _ADDRESS.match(text) or _NUMBER.search(path.name):
        return False
    return not (_is_named_like_a_file(path) or path.exists())


def _is_named_like_a_file(path: Path) -> bool:
    return _SUFFIX.fullmatch(path.suffix) is not None


def _first_camera() -> PictureSource:
    there = video_nodes.video_nodes()
    for node in video_nodes.cameras(there):
        return PictureSource(SourceKind.DEVICE, str(node.path))
    for camera in pi_cameras.pi_cameras():
        return _pi_camera(camera)
    raise DeviceError(f"no camera: {video_nodes.what_there_is(there)}")


def _pi_camera(camera: pi_cameras.PiCamera) -> PictureSource:
    return PictureSource(SourceKind.PI_CAMERA, camera.target)


def _device(path: Path) -> PictureSource:
    if not path.exists():
        raise DeviceError(
            f"no camera {path}: {video_nodes.what_there_is(video_nodes.video_nodes())}"
        )
    node = video_nodes.look_at(path)
    if node.kind is NodeKind.OTHER:
        there = video_nodes.what_there_is(video_nodes.video_nodes())
        raise DeviceError(f"{node} is no camera: {there}")
    return PictureSource(SourceKind.DEVICE, str(path))


def _camera_named(name: str) -> PictureSource:
    there = video_nodes.video_nodes()
    able = video_nodes.cameras(there)
    found = [node for node in able if node.name.casefold() == name.casefold()]
    found = found or [node for node in able if name.casefold() in node.name.casefold()]
    if len(found) == 1:
        return PictureSource(SourceKind.DEVICE, str(found[0].path))
    if found:
        raise DeviceError(
            f"{name!r} names more than one camera: {_all(found)}; "
            "take one by its path in /dev/v4l/by-id or by-path"
        )
    raise DeviceError(f"no file, folder or camera {name!r}: {video_nodes.what_there_is(there)}")


def _all(found: list[VideoNode]) -> str:
    return ", ".join(map(str, found))


def _pictures(folder: Path, pattern: str | None, shown: Path) -> PictureSource:
    if not folder.is_dir():
        raise DeviceError(f"no pictures {shown}: there is no folder {folder}")
    found = files_in(folder, PICTURES)
    if pattern is not None:
        before, after = (re.escape(part) for part in _NUMBER.split(pattern, maxsplit=1))
        numbered = re.compile(f"{before}([0-9]+){after}")
        matches = ((numbered.fullmatch(each.name), each) for each in found)
        found = [each for _, each in sorted((int(m[1]), each) for m, each in matches if m)]
    if not found:
        raise DeviceError(f"no pictures {shown}: put {', '.join(PICTURES)} files there")
    return PictureSource(SourceKind.PICTURES, str(shown), tuple(found))
