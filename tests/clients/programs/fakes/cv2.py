"""OpenCV without a camera: grey pictures of 640 by 480 pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

COLOR_BGR2RGB = 4


class VideoCapture:
    """Opens anything."""

    def __init__(self, _: Any) -> None:
        pass

    def read(self) -> tuple[bool, Any]:
        return True, np.full((480, 640, 3), 127, np.uint8)

    def release(self) -> None:
        pass


def cvtColor(picture: Any, _: int) -> Any:  # noqa: N802 - OpenCV's own spelling
    return picture
