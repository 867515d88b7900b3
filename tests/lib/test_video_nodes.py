"""Which of the nodes in /dev/video* are cameras, by what their drivers say."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.inputs.camera.source import find_source, is_device
from actors.lib import video_nodes
from actors.lib.video_nodes import CAPABILITY, NodeKind, VideoNode, read_capability
from pipeline.errors import DeviceError


def answer(driver: str, card: str, whole: int, own: int) -> bytes:
    return CAPABILITY.pack(driver.encode(), card.encode(), b"usb-1", 0x60C00, whole, own)


SAID = {
    # Driver, card, capabilities of the device and of the node, as `v4l2-ctl --all` prints them.
    "USB camera": ("uvcvideo", "HD Pro Webcam C920", 0x84A00001, 0x04200001, NodeKind.CAMERA),
    "its metadata": ("uvcvideo", "HD Pro Webcam C920", 0x84A00001, 0x04A00000, NodeKind.OTHER),
    "Pi, old stack": ("bm2835 mmal", "mmal service 16.1", 0x85200005, 0x05200005, NodeKind.CAMERA),
    "decoder": ("bcm2835-codec", "bcm2835-codec-decode", 0x84204000, 0x04204000, NodeKind.OTHER),
    "encoder": ("bcm2835-codec", "bcm2835-codec-encode", 0x84204000, 0x04204000, NodeKind.OTHER),
    "processor in": ("bcm2835-isp", "bcm2835-isp", 0x85200003, 0x04200002, NodeKind.OTHER),
    "processor out": ("bcm2835-isp", "bcm2835-isp", 0x85200003, 0x04200001, NodeKind.OTHER),
    "its statistics": ("bcm2835-isp", "bcm2835-isp", 0x85200003, 0x04A00000, NodeKind.OTHER),
    "raw sensor": ("unicam", "unicam", 0xA5A00001, 0x25200001, NodeKind.OTHER),
    "Pi 5 receiver": ("rp1-cfe", "rp1-cfe", 0xA4A00001, 0x24A00001, NodeKind.OTHER),
    "loopback": ("v4l2 loopback", "Dummy", 0x85200003, 0x05200001, NodeKind.CAMERA),
    "many planes": ("camss", "phone", 0x84201000, 0x04201000, NodeKind.CAMERA),
    "no own capabilities": ("old", "TV card", 0x05000001, 0, NodeKind.CAMERA),
    "radio": ("si470x", "radio", 0x80110000, 0x00110000, NodeKind.OTHER),
}


@pytest.mark.parametrize("node", SAID)
def test_a_camera_is_what_captures_and_does_nothing_else(node: str) -> None:
    driver, card, whole, own, kind = SAID[node]
    read = read_capability(Path("/dev/video0"), answer(driver, card, whole, own))
    assert (read.kind, read.name) == (kind, card)


def test_a_name_of_any_bytes_can_be_shown() -> None:
    raw = CAPABILITY.pack(b"uvcvideo", b"\xff" * 32, b"", 0, 0x84200001, 0x04200001)
    assert read_capability(Path("/dev/video0"), raw).name == "\ufffd" * 32


PI = {10: "decoder", 12: "encoder", 13: "processor in", 14: "processor out", 2: "USB camera"}


@pytest.fixture
def raspberry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Nodes as a Raspberry Pi has them with a USB camera plugged in after the boot."""
    for number in (*PI, 3):
        (tmp_path / f"video{number}").touch()

    def look_at(path: Path) -> VideoNode:
        number = int(path.name.removeprefix("video"))
        driver, card, whole, own, _ = SAID[PI.get(number, "its metadata")]
        return read_capability(path, answer(driver, card, whole, own))

    monkeypatch.setattr(video_nodes, "DEVICES", tmp_path)
    monkeypatch.setattr(video_nodes, "look_at", look_at)
    return tmp_path


@pytest.mark.parametrize("source", [None, 2, "2", "HD Pro Webcam C920", "c920"])
def test_the_first_camera_is_taken_or_one_by_number_or_name(
    raspberry: Path, source: int | str | None
) -> None:
    assert find_source(source, raspberry).target == str(raspberry / "video2")


def test_nodes_are_in_the_order_of_their_numbers(raspberry: Path) -> None:
    numbers = [node.path.name for node in video_nodes.video_nodes()]
    assert numbers == ["video2", "video3", "video10", "video12", "video13", "video14"]


def test_a_camera_whose_number_changed_is_found_by_its_name(raspberry: Path) -> None:
    assert find_source("C920", raspberry).target == str(raspberry / "video2")
    (raspberry / "video2").unlink()
    with pytest.raises(DeviceError, match="no file, folder or camera 'C920'"):
        find_source("C920", raspberry)


@pytest.mark.parametrize("source", [10, 3])
def test_what_is_no_camera_is_refused_and_the_cameras_are_named(
    raspberry: Path, source: int
) -> None:
    with pytest.raises(DeviceError, match=rf"video{source} .* is no camera: .*video2 \(HD Pro"):
        find_source(source, raspberry)


def test_two_cameras_of_one_name_are_told_apart_by_their_paths(
    raspberry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PI, 3, "USB camera")
    with pytest.raises(DeviceError, match=r"more than one camera: .*by-id"):
        find_source("C920", raspberry)


def test_a_raspberry_pi_without_camera_has_none(raspberry: Path) -> None:
    (raspberry / "video2").unlink()
    with pytest.raises(DeviceError, match=r"no camera is connected .*libcamerify"):
        find_source(None, raspberry)


def test_a_node_that_may_not_be_opened_is_named_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # A file is no device: it refuses the question, as a node does that somebody may not open.
    (tmp_path / "video0").touch()
    monkeypatch.setattr(video_nodes, "DEVICES", tmp_path)
    with pytest.raises(DeviceError, match=r"video0: Inappropriate ioctl.*group `video`"):
        find_source(None, tmp_path)


@pytest.mark.parametrize(
    ("source", "device"),
    [
        (None, True),
        (0, True),
        ("7", True),
        ("/dev/v4l/by-id/usb-046d-video-index0", True),
        ("HD Pro Webcam C920", True),
        ("film.mp4", False),
        ("shots/%03d.jpg", False),
        ("rtsp://camera/1", False),
    ],
)
def test_what_may_come_later_is_a_device(
    tmp_path: Path, source: int | str | None, device: bool
) -> None:
    assert is_device(source, tmp_path) is device
