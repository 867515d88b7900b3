"""Pictures as JPEG files of bounded size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""Height x width x 3, blue first, as OpenCV gives it."""

QUALITY_STEPS = (1.0, 0.7, 0.4, 0.2)
"""Parts of the asked-for quality that are tried: at a fifth of 70 a picture has about a quarter of
the bytes, and below that it is of no more use."""


@dataclass(frozen=True)
class Encoded:
    """A JPEG file; empty if no quality was low enough."""

    jpeg: bytes
    width: int
    height: int
    lowered: bool


class Encoder:
    """Scales pictures down to fit and compresses them to at most `max_bytes`."""

    def __init__(self, width: int, height: int, quality: int, max_bytes: int) -> None:
        self._width = width
        self._height = height
        self._quality = quality
        self._max_bytes = max_bytes

    def encode(self, picture: Picture) -> Encoded:
        """Return the picture as a JPEG file."""
        import cv2

        height, width = picture.shape[:2]
        scale = min(1.0, self._width / width, self._height / height)
        scaled: Any = picture
        if scale < 1.0:
            width, height = max(1, round(width * scale)), max(1, round(height * scale))
            scaled = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        for part in QUALITY_STEPS:
            quality = max(1, round(self._quality * part))
            _, content = cv2.imencode(".jpg", scaled, [cv2.IMWRITE_JPEG_QUALITY, quality])
            if len(content) <= self._max_bytes:
                return Encoded(content.tobytes(), width, height, lowered=part < 1.0)
        return Encoded(b"", width, height, lowered=True)
