"""A camera on the ribbon cable of a Raspberry Pi: the actor, with a stand-in for Picamera2."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pictures import decoded

from actors.cli.devices import _cameras
from actors.inputs.camera import Camera
from actors.inputs.camera.source import SourceKind, find_source, is_device
from actors.lib import video_nodes
from actors.lib.pi_cameras import is_named, pi_camera_named, pi_cameras
from actors.lib.when_missing import WhenMissing
from pipeline.errors import DeviceError
from pipeline.frames import ActorState, Image
from pipeline.testing import stage


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder in which Picamera2 is installed; no V4L2 camera is there."""
    folder = tmp_path / "library"
    folder.mkdir()
    shutil.copy(Path(__file__).with_name("picamera2_stand_in.py"), folder / "picamera2.py")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(video_nodes, "DEVICES", tmp_path)
    yield folder
    sys.modules.pop("picamera2", None)


def journal(library: Path) -> list[str]:
    return (library / "journal").read_text().splitlines()


@pytest.mark.parametrize("source", [None, "picamera", "picamera:0", "picamera:0 (imx708)"])
def test_its_pictures_are_sent_as_of_any_camera(
    library: Path, tmp_path: Path, source: str | None
) -> None:
    with stage(Camera, config_dir=tmp_path, source=source, rate_hz=5) as camera:
        images = [camera.expect("video", Image) for _ in range(3)]
    blue, green, red = decoded(images[-1].jpeg).reshape(-1, 3).mean(axis=0)
    assert (images[-1].width, images[-1].height) == (768, 576)
    assert blue > 240
    assert max(green, red) < 15
    assert journal(library) == ["started 0", "stopped", "closed with 0 held"]


def test_one_that_goes_away_is_waited_for(library: Path, tmp_path: Path) -> None:
    options = {"source": "picamera", "rate_hz": 5, "when_missing": WhenMissing.WAIT}
    with stage(Camera, config_dir=tmp_path, **options) as camera:
        camera.expect("video", Image)
        (library / "unplugged").touch()
        camera.until(lambda: camera.actor.state is ActorState.DEGRADED, "a lost camera")
        (library / "unplugged").unlink()
        camera.sent["video"].clear()
        camera.expect("video", Image)
    assert journal(library).count("started 0") == 2
    assert journal(library).count("closed with 0 held") == 2


def test_it_is_listed_and_one_of_usb_is_not_listed_twice(library: Path) -> None:
    assert [str(each) for each in pi_cameras()] == ["picamera:0 (imx708)"]
    assert _cameras() == {"cameras": ["picamera:0 (imx708)"], "camera_problem": ""}


def test_it_is_named_by_its_number(library: Path, tmp_path: Path) -> None:
    found = find_source("picamera:0", tmp_path)
    assert (found.kind, found.target, found.live) == (SourceKind.PI_CAMERA, "picamera:0", True)
    assert is_device("picamera", tmp_path)
    assert not is_named("picamera.mp4")
    with pytest.raises(DeviceError, match=r"'picamera:1': there is picamera:0 \(imx708\)"):
        pi_camera_named("picamera:1")


def test_without_the_library_it_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="apt install python3-picamera2"):
        find_source("picamera", tmp_path)
    assert pi_cameras() == []


def test_a_library_that_is_not_whole_is_as_none(library: Path) -> None:
    (library / "picamera2.py").write_text("import libcamera_that_is_missing\n")
    sys.modules.pop("picamera2", None)
    assert pi_cameras() == []
