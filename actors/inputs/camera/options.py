"""Where pictures come from, and how many of what size go out."""

from __future__ import annotations

from pydantic import Field

from actors.lib.when_missing import WHEN_MISSING, WhenMissing
from pipeline.actor import Options
from pipeline.paths import PathOrName


class CameraOptions(Options):
    """Options of the camera."""

    source: int | PathOrName | None = Field(
        None,
        description="A camera: its name, as `greenroom devices` prints it, or part of it; its path "
        "in /dev; its number; `picamera` or `picamera:1` for one on the ribbon cable of a "
        "Raspberry Pi; the first one if left out. Or a video file; a folder of pictures or "
        "a pattern such as shots/%03d.jpg; an http, https or rtsp address. Paths from the config's "
        "folder.",
    )
    when_missing: WhenMissing = Field(WhenMissing.END, description=WHEN_MISSING)
    rate_hz: float = Field(1.0, gt=0, le=5, description="Pictures per second.")
    width: int = Field(768, ge=16, le=4096, description="Pixels at most; the shape is kept.")
    height: int = Field(768, ge=16, le=4096, description="Pixels at most; the shape is kept.")
    quality: int = Field(70, ge=1, le=100, description="JPEG quality.")
    max_bytes_per_s: int = Field(
        500_000,
        ge=1000,
        description="Bandwidth: a picture too large for its share is sent at lower quality, or "
        "left out and counted.",
    )
    loop: bool = Field(False, description="Begin a file or folder again at its end, for ever.")
