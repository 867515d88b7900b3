"""What `greenroom inject` makes of a file."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from actors.cli.inject import read_lines, read_picture
from pipeline.errors import DeviceError


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
