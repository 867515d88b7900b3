"""What `greenroom inject` makes of a file."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from actors.cli.inject import read_lines, read_picture, require_fit
from pipeline.config.description import DescribedStream
from pipeline.errors import DeviceError, GreenroomError
from pipeline.ports import StreamRef


@pytest.mark.parametrize("name", ["huge.jpg", "huge.png"])
def test_a_picture_of_twelve_megapixels_is_scaled_as_the_camera_does(
    tmp_path: Path, name: str
) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (3000, 4000, 3), np.uint8)
    cv2.imwrite(str(tmp_path / name), noise)
    image = read_picture(tmp_path / name)
    assert (image.width, image.height) == (768, 576)
    assert 0 < len(image.jpeg) <= 500_000
    seen = cv2.imdecode(np.frombuffer(image.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert seen is not None
    assert seen.shape[:2] == (576, 768)


STREAMS = [
    DescribedStream("microphone", "audio", ["audio"], ["vad"]),
    DescribedStream("camera", "video", ["image"], ["live"]),
    DescribedStream("console", "text", ["user_text"], []),
]


@pytest.mark.parametrize(
    ("stream", "file"),
    [("microphone.audio", "a.wav"), ("camera.video", "a.JPG"), ("console.text", "a.txt")],
)
def test_a_file_goes_to_a_stream_that_carries_its_like(stream: str, file: str) -> None:
    require_fit(StreamRef.parse(stream), Path(file), STREAMS)


@pytest.mark.parametrize(
    ("stream", "file", "said"),
    [
        ("microphone.audio", "a.txt", "microphone.audio carries audio, and a.txt is user_text"),
        ("console.text", "a.wav", "console.text carries user_text, and a.wav is audio"),
        ("microfone.audio", "a.wav", "no stream microfone.audio .* 'microphone.audio'"),
    ],
)
def test_a_file_that_a_stream_does_not_carry_is_refused(stream: str, file: str, said: str) -> None:
    with pytest.raises(GreenroomError, match=said):
        require_fit(StreamRef.parse(stream), Path(file), STREAMS)


@pytest.mark.parametrize("content", [b"", b"no picture", bytes(range(256))])
def test_what_is_no_picture_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.jpg").write_bytes(content)
    with pytest.raises(DeviceError, match=r"x\.jpg"):
        read_picture(tmp_path / "x.jpg")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_of_any_unicode_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "x.txt").write_text("größer\nkleiner", encoding)
    assert read_lines(tmp_path / "x.txt") == ["größer", "kleiner"]


def test_text_of_another_encoding_is_an_error_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes("eins\ngrößer".encode("latin-1"))
    with pytest.raises(DeviceError, match=r"x\.txt: line 2: no UTF-8 text: save it as UTF-8"):
        read_lines(tmp_path / "x.txt")
