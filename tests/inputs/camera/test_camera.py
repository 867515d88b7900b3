"""The actor: films, pictures and a network camera in, JPEG files out."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import pytest
from pictures import decoded, film, grey, network_camera, noise
from pydantic import ValidationError

from actors.inputs.camera import Camera, CameraOptions
from actors.inputs.camera.encoder import Encoder
from actors.inputs.camera.source import PictureSource, SourceKind
from actors.lib.when_missing import WhenMissing
from pipeline.backoff import Backoff
from pipeline.errors import DeviceError
from pipeline.frames import ActorState, Image
from pipeline.testing import ActorHarness, stage

SECOND_NS = 1_000_000_000


def to_the_end(camera: ActorHarness[CameraOptions]) -> list[Image]:
    camera.until(lambda: camera.actor.state is ActorState.FINISHED, "the end")
    return [frame for frame in camera.sent["video"] if isinstance(frame, Image)]


def brightness(image: Image) -> float:
    return float(decoded(image.jpeg).mean())


@pytest.mark.parametrize("name", ["film.mp4", "film.avi"])
def test_a_film_is_sampled_at_the_rate_and_at_its_own_pace(tmp_path: Path, name: str) -> None:
    film(tmp_path / name, seconds=2)
    with stage(Camera, config_dir=tmp_path, source=name, rate_hz=2) as camera:
        images = to_the_end(camera)

    assert [round((b.origin_ns - a.origin_ns) / SECOND_NS, 6) for a, b in pairwise(images)] == [
        0.5,
        0.5,
        0.5,
    ]
    assert [brightness(image) for image in images] == pytest.approx([20, 30, 40, 50], abs=4.5)
    for image in images:
        assert (image.width, image.height) == (320, 240)
        assert image.sent_ns >= image.origin_ns


def test_a_looped_film_begins_again(tmp_path: Path) -> None:
    film(tmp_path / "film.mp4", seconds=1)
    with stage(Camera, config_dir=tmp_path, source="film.mp4", rate_hz=5, loop=True) as camera:
        for _ in range(2):
            camera.expect("video", Image, lambda image: brightness(image) < 25)
            camera.expect("video", Image, lambda image: brightness(image) > 25)


def test_a_killed_camera_goes_on_in_mid_film(tmp_path: Path) -> None:
    film(tmp_path / "film.mp4", seconds=4)
    options: dict[str, Any] = {"config_dir": tmp_path, "source": "film.mp4", "rate_hz": 5}
    with stage(Camera, **options) as camera:
        first = camera.expect("video", Image)
        checkpoint = {"begun_ns": camera.actor.checkpoint["begun_ns"] - 2 * SECOND_NS}

    with stage(Camera, checkpoint=checkpoint, **options) as camera:
        images = to_the_end(camera)

    assert brightness(first) == pytest.approx(20, abs=3)
    assert brightness(images[0]) >= 50
    assert images[0].origin_ns >= checkpoint["begun_ns"] + 2 * SECOND_NS


@pytest.mark.parametrize("source", ["shots", "shots/shot_%d.png"])
def test_pictures_come_in_the_order_of_their_names(tmp_path: Path, source: str) -> None:
    (tmp_path / "shots").mkdir()
    for number in (1, 2, 3):
        cv2.imwrite(str(tmp_path / "shots" / f"shot_{number}.png"), grey(50 * number))
    (tmp_path / "shots" / "notes.txt").write_text("not a picture")

    with stage(Camera, config_dir=tmp_path, source=source, rate_hz=5) as camera:
        images = to_the_end(camera)

    assert [brightness(image) for image in images] == pytest.approx([50, 100, 150], abs=3)


def test_a_pattern_counts_by_number_and_not_by_letter(tmp_path: Path) -> None:
    for number in (9, 10):
        cv2.imwrite(str(tmp_path / f"{number}.png"), grey(10 * number))

    with stage(Camera, config_dir=tmp_path, source="%d.png", rate_hz=5) as camera:
        images = to_the_end(camera)

    assert [brightness(image) for image in images] == pytest.approx([90, 100], abs=3)


def test_a_network_camera_that_goes_away_is_opened_again_f23() -> None:
    with network_camera() as plug, stage(Camera, source=plug.address, rate_hz=5) as camera:
        camera.expect("video", Image)
        plug.plugged.clear()
        camera.until(lambda: camera.actor.state is ActorState.DEGRADED, "degraded")
        assert "trying again" in camera.actor.detail
        camera.sent["video"].clear()
        plug.plugged.set()
        image = camera.expect("video", Image)
        camera.until(lambda: camera.actor.state is ActorState.READY, "ready")

        assert (image.width, image.height) == (320, 240)
        assert camera.actor.counters["lost"] >= 1


def test_a_network_camera_sends_no_more_than_the_rate() -> None:
    begun_ns = time.monotonic_ns()
    with network_camera() as plug, stage(Camera, source=plug.address, rate_hz=5) as camera:
        times = [camera.expect("video", Image).origin_ns for _ in range(4)]

    for number, taken_ns in enumerate(times):
        assert taken_ns >= begun_ns + number * SECOND_NS / 5


def test_a_network_camera_that_is_off_at_the_start_is_waited_for() -> None:
    with network_camera() as plug:
        plug.plugged.clear()
        with stage(Camera, source=plug.address, rate_hz=5) as camera:
            camera.until(lambda: camera.actor.state is ActorState.DEGRADED, "degraded")
            plug.plugged.set()
            camera.expect("video", Image)


def test_large_pictures_are_scaled_down_and_keep_their_shape() -> None:
    encoded = Encoder(768, 768, 70, 500_000).encode(grey(100, 1920, 1080))

    assert (encoded.width, encoded.height) == (768, 432)
    assert decoded(encoded.jpeg).shape == (432, 768, 3)


def test_small_pictures_are_not_scaled_up() -> None:
    encoded = Encoder(768, 768, 70, 500_000).encode(grey(100, 64, 48))

    assert (encoded.width, encoded.height) == (64, 48)


def test_quality_makes_the_difference() -> None:
    picture = noise(200, 200)

    low, high = (Encoder(768, 768, q, 500_000).encode(picture) for q in (20, 90))

    assert len(low.jpeg) < len(high.jpeg) / 2


def test_a_picture_over_its_share_is_sent_at_lower_quality() -> None:
    picture = noise(400, 400)
    full = Encoder(768, 768, 70, 500_000).encode(picture)

    encoded = Encoder(768, 768, 70, len(full.jpeg) - 1).encode(picture)

    assert encoded.lowered
    assert 0 < len(encoded.jpeg) < len(full.jpeg)


def test_bandwidth_is_kept_by_leaving_pictures_out(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), noise(700, 700))
    cv2.imwrite(str(tmp_path / "b.png"), grey(100))

    options: dict[str, Any] = {"source": ".", "rate_hz": 5, "max_bytes_per_s": 50_000}
    with stage(Camera, config_dir=tmp_path, **options) as camera:
        images = to_the_end(camera)

        assert camera.actor.counters["too_large"] == 1
    assert [brightness(image) for image in images] == [pytest.approx(100, abs=3)]
    assert len(images[0].jpeg) <= 10_000


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("flim.mp4", r"no video file .*did you mean 'film\.mp4'"),
        ("nowhere/%d.jpg", "there is no folder"),
        ("shot_%d.jpg", "no pictures"),
        ("/dev/video97", "no camera /dev/video97"),
        (97, "no camera /dev/video97"),
        ("98", "no camera /dev/video98"),
    ],
)
def test_a_source_that_is_not_there_is_named(
    tmp_path: Path, source: int | str, message: str
) -> None:
    film(tmp_path / "film.mp4", seconds=0.5)

    with pytest.raises(DeviceError, match=message):
        Camera.check(CameraOptions(source=source), tmp_path)


def test_a_missing_camera_names_those_that_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices, names = tmp_path / "dev", tmp_path / "names"
    (names / "video2").mkdir(parents=True)
    (names / "video2" / "name").write_text("HD Webcam\n")
    devices.mkdir()
    (devices / "video2").touch()
    monkeypatch.setattr("actors.lib.video_nodes.DEVICES", devices)
    monkeypatch.setattr("actors.lib.video_nodes.DEVICE_NAMES", names)

    with pytest.raises(DeviceError, match=r"video0: there is .*video2 \(HD Webcam\)"):
        Camera.check(CameraOptions(source=0), tmp_path)


def test_a_file_that_is_no_video_is_an_error_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("no video at all\n" * 100)

    with (
        pytest.raises(DeviceError, match=r"notes\.mp4 cannot be read as video"),
        stage(Camera, config_dir=tmp_path, source="notes.mp4"),
    ):
        pass


def test_a_broken_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "shot.jpg").write_bytes(b"not a picture")

    with (
        pytest.raises(DeviceError, match=r"shot\.jpg cannot be read"),
        stage(Camera, config_dir=tmp_path, source=".", rate_hz=5) as camera,
    ):
        to_the_end(camera)


@pytest.mark.parametrize("options", [{"rate_hz": 6}, {"rate_hz": 0}, {"quality": 0}, {"size": 9}])
def test_bad_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CameraOptions.model_validate(options)


def test_a_camera_missing_at_the_start_is_waited_for_if_so_asked_f23(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.lib.video_nodes.DEVICES", tmp_path)
    monkeypatch.setattr("actors.inputs.camera.actor.REOPEN", Backoff(0.01, 0.02))
    options = CameraOptions(when_missing=WhenMissing.WAIT)
    Camera.check(options, tmp_path)
    with network_camera() as plug, stage(Camera, when_missing="wait", rate_hz=5) as camera:
        camera.until(lambda: camera.actor.counters["lost"] > 1, "tried again")
        assert camera.actor.state is ActorState.DEGRADED
        assert camera.actor.detail.startswith("waiting for a camera: no camera: ")
        # There is no camera to plug in here: one on the network takes its place.
        there = PictureSource(SourceKind.ADDRESS, plug.address)
        monkeypatch.setattr("actors.inputs.camera.actor.find_source", lambda *_: there)
        camera.expect("video", Image)
        camera.until(lambda: camera.actor.state is ActorState.READY, "ready")
