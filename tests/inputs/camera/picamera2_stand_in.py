"""Raspberry Pi's library Picamera2, as its manual has it: what the camera uses, and no more.

A test puts this file where `import picamera2` finds it. Its pictures are blue, its cameras are one
on the ribbon cable and one of USB, and a file `unplugged` beside it takes both away.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

UNPLUGGED = Path(__file__).with_name("unplugged")
JOURNAL = Path(__file__).with_name("journal")


def note(what: str) -> None:
    with JOURNAL.open("a") as journal:
        journal.write(f"{what}\n")


class Request:
    """A picture that holds one of the camera's buffers until it is released."""

    def __init__(self, camera: Picamera2) -> None:
        self._camera = camera
        camera.held += 1
        assert camera.held <= 1, "the camera has no buffers left"

    def make_array(self, name: str) -> Any:
        width, height = self._camera.config[name]["size"]
        assert self._camera.config[name]["format"] == "RGB888"
        return np.full((height, width, 3), (255, 0, 0), np.uint8)

    def release(self) -> None:
        self._camera.held -= 1


class Picamera2:
    """A camera."""

    def __init__(self, camera_num: int = 0) -> None:
        if UNPLUGGED.exists():
            raise RuntimeError("Camera __init__ sequence did not complete.")
        self.config: dict[str, Any] = {}
        self.held = 0
        self._number = camera_num

    @staticmethod
    def global_camera_info() -> list[dict[str, Any]]:
        if UNPLUGGED.exists():
            return []
        return [
            {"Model": "imx708", "Location": 2, "Id": "/base/soc/i2c0mux/i2c@1/imx708@1a", "Num": 0},
            {"Model": "HD Webcam", "Id": "/base/scb/pcie@7d500000/usb@0,0-1:1.0-0c45", "Num": 1},
        ]

    def create_video_configuration(self, main: Any, controls: Any) -> dict[str, Any]:
        return {"main": main, "controls": controls}

    def configure(self, config: dict[str, Any]) -> None:
        self.config = config

    def start(self) -> None:
        note(f"started {self._number}")

    def capture_request(self, wait: bool) -> float:
        assert wait is False
        return 1 / float(self.config["controls"]["FrameRate"])

    def wait(self, job: float, timeout: float) -> Request:
        time.sleep(job)
        if UNPLUGGED.exists():
            raise TimeoutError
        return Request(self)

    def stop(self) -> None:
        note("stopped")

    def close(self) -> None:
        note(f"closed with {self.held} held")
