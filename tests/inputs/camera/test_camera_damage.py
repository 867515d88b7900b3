"""Pictures that cannot be read, and what lies beside those that can."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import pytest
from pictures import film, grey

from actors.inputs.camera import Camera, CameraOptions
from actors.inputs.camera.source import find_source
from pipeline.errors import DeviceError
from pipeline.frames import ActorState, Image
from pipeline.testing import ActorHarness, stage


def to_the_end(camera: ActorHarness[CameraOptions]) -> list[Image]:
    camera.until(lambda: camera.actor.state is ActorState.FINISHED, "the end")
    return [frame for frame in camera.sent["video"] if isinstance(frame, Image)]


def test_what_lies_beside_the_pictures_is_left_out(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a1.png"), grey(50))
    for name in ("._a1.png", ".hidden.png", "._a2.png"):
        (tmp_path / name).write_bytes(b"\0\x05\x16\x07" + bytes(4092))

    for source in (str(tmp_path), str(tmp_path / "a%d.png")):
        assert [each.name for each in find_source(source, tmp_path).pictures] == ["a1.png"]


def test_a_picture_that_cannot_be_read_is_left_out_and_told(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), grey(50))
    (tmp_path / "b.png").write_bytes(b"no picture")
    cv2.imwrite(str(tmp_path / "c.png"), grey(90))
    with stage(Camera, source=str(tmp_path), rate_hz=5) as camera:
        assert len(to_the_end(camera)) == 2
        assert camera.actor.counters["damaged_pictures"] == 1


def test_a_folder_of_which_nothing_can_be_read_any_more_is_the_end(tmp_path: Path) -> None:
    picture = tmp_path / "b.png"
    cv2.imwrite(str(picture), grey(50))
    with stage(Camera, source=str(tmp_path), rate_hz=5, loop=True) as camera:
        picture.write_bytes(b"no picture")
        to_the_end(camera)
        assert camera.actor.counters["unreadable_files"] == 1


def test_a_restarted_camera_whose_film_is_gone_ends(tmp_path: Path) -> None:
    checkpoint = {"begun_ns": time.monotonic_ns()}
    with stage(Camera, config_dir=tmp_path, checkpoint=checkpoint, source="film.mp4") as camera:
        to_the_end(camera)
    with pytest.raises(DeviceError), stage(Camera, config_dir=tmp_path, source="film.mp4"):
        pass


def test_a_film_that_goes_away_ends(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", seconds=0.5)
    with stage(Camera, source=str(path), rate_hz=5, loop=True) as camera:
        camera.expect("video", Image)
        path.unlink()
        to_the_end(camera)
        assert camera.actor.counters["unreadable_files"] == 1
