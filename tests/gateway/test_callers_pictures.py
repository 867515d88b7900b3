"""Pictures of callers: what they are is looked at before they are decoded."""

from __future__ import annotations

import struct
from typing import Any

import cv2
import numpy as np
import pytest

from actors.gateway.errors import UnreadablePictureError
from actors.gateway.pictures import fitted
from actors.lib.picture_size import picture_size

WIDTH, HEIGHT = 321, 123
CODINGS: list[tuple[str, list[int]]] = [
    (".png", []),
    (".jpg", []),
    (".jpg", [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
    (".webp", [cv2.IMWRITE_WEBP_QUALITY, 80]),
    (".webp", [cv2.IMWRITE_WEBP_QUALITY, 101]),
]


def coded(coding: str, options: list[int], channels: int = 3) -> bytes:
    pixels = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, channels), np.uint8)
    return cv2.imencode(coding, pixels, options)[1].tobytes()


@pytest.mark.parametrize(("coding", "options"), CODINGS)
def test_a_picture_says_how_large_it_is(coding: str, options: list[int]) -> None:
    picture = coded(coding, options)
    assert picture_size(picture) == (WIDTH, HEIGHT)
    assert fitted(picture).width == WIDTH
    for cut in range(0, len(picture), 97):
        assert picture_size(picture[:cut]) in (None, (WIDTH, HEIGHT))
        with pytest.raises(UnreadablePictureError):
            fitted(picture[: min(cut, 20)])


def test_a_picture_with_transparency_says_how_large_it_is() -> None:
    assert picture_size(coded(".webp", [cv2.IMWRITE_WEBP_QUALITY, 80], 4)) == (WIDTH, HEIGHT)


def test_a_picture_that_is_gigabytes_when_decoded_is_refused_undecoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def decode(*_arguments: Any) -> None:
        raise AssertionError("decoded")

    bomb = bytearray(coded(".png", []))
    bomb[16:24] = struct.pack(">II", 30_000, 30_000)
    monkeypatch.setattr(cv2, "imdecode", decode)
    with pytest.raises(UnreadablePictureError, match="50 megapixels"):
        fitted(bytes(bomb))
    for other in (b"", b"BM" + bytes(100), b"GIF89a" + bytes(100), b"\xff\xd8" + bytes(100)):
        with pytest.raises(UnreadablePictureError, match="no picture"):
            fitted(other)
