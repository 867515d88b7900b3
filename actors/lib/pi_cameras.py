"""Cameras on the ribbon cable of a Raspberry Pi, by its library Picamera2 where that is installed.

They are no V4L2 cameras: programs reach them through libcamera alone. Picamera2 comes with
Raspberry Pi OS (`apt install python3-picamera2`), for the system's own Python.
"""

from __future__ import annotations

import re
from concurrent.futures import TimeoutError as JobTimeoutError
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from pipeline.errors import DeviceError

PREFIX = "picamera"
_NAMED = re.compile(rf"{PREFIX}(?::(\d+))?(?: \(.*\))?", re.IGNORECASE)
USB = "/usb"
"""In the id of a camera of USB, which libcamera knows too and V4L2 gives."""
SIZE = (1024, 768)
"""Above what a picture sent has by default (768), in the shape of most of their sensors."""
BGR = "RGB888"
"""By its name in libcamera; Picamera2's manual: its arrays are BGR, as OpenCV wants them."""
RATE_HZ = 10.0
"""Twice the most that is sent: a picture is at most 100 ms old. Left alone it is 30 pictures."""
FRAME_TIMEOUT_S = 5.0
"""As of other cameras: one that says nothing for so long is gone."""


@dataclass(frozen=True)
class PiCamera:
    """One of them, by its number in libcamera and its sensor."""

    number: int
    sensor: str

    def __str__(self) -> str:
        """Return how `source` names it."""
        return f"{PREFIX}:{self.number} ({self.sensor})" if self.sensor else self.target

    @property
    def target(self) -> str:
        """Return its name without the sensor."""
        return f"{PREFIX}:{self.number}"


def is_named(text: str) -> bool:
    """Whether a name is one of such a camera, there or not."""
    return _NAMED.fullmatch(text) is not None


def pi_cameras() -> list[PiCamera]:
    """Return those that are connected; none where Picamera2 is not installed or not whole."""
    if find_spec("picamera2") is None:
        return []
    try:
        from picamera2 import Picamera2

        known = Picamera2.global_camera_info()
    except (ImportError, OSError, RuntimeError):
        return []
    found = [
        PiCamera(each["Num"], each.get("Model", "")) for each in known if USB not in each["Id"]
    ]
    return sorted(found, key=lambda each: each.number)


def pi_camera_named(text: str) -> PiCamera:
    """Return the one that `picamera` or `picamera:1` names; without a number the first.

    Raises:
        DeviceError: there is none; the message says what there is, or what to install.
    """
    named = _NAMED.fullmatch(text)
    there = pi_cameras()
    wanted = named[1] if named else None
    for each in there:
        if wanted is None or each.number == int(wanted):
            return each
    if there:
        raise DeviceError(f"no camera {text!r}: there is {', '.join(map(str, there))}")
    if find_spec("picamera2") is None:
        raise DeviceError(
            f"{text!r} needs Picamera2: apt install python3-picamera2, and make the virtual "
            "environment with --system-site-packages"
        )
    raise DeviceError(
        f"no camera {text!r}: Picamera2 finds none; does rpicam-hello --list-cameras?"
    )


class PiCapture:
    """An open one, with those methods of OpenCV's `VideoCapture` that a live camera needs.

    Raises:
        DeviceError: it cannot be opened; another program may hold it.
    """

    def __init__(self, target: str) -> None:
        from picamera2 import Picamera2

        self._request: Any = None
        try:
            self._camera = Picamera2(pi_camera_named(target).number)
        except (RuntimeError, IndexError) as error:
            raise DeviceError(
                f"camera {target} cannot be opened ({error}): another program may hold it"
            ) from error
        try:
            self._camera.configure(
                self._camera.create_video_configuration(
                    main={"size": SIZE, "format": BGR}, controls={"FrameRate": RATE_HZ}
                )
            )
            self._camera.start()
        except RuntimeError as error:
            self._camera.close()
            raise DeviceError(f"camera {target} does not start: {error}") from error

    def grab(self) -> bool:
        """Wait for the next picture; return whether there is one."""
        self._let_go()
        job = self._camera.capture_request(wait=False)
        try:
            self._request = self._camera.wait(job, timeout=FRAME_TIMEOUT_S)
        except (TimeoutError, JobTimeoutError, RuntimeError):
            return False
        return True

    def retrieve(self) -> tuple[bool, Any]:
        """Return the picture that was grabbed, as rows of BGR."""
        picture = self._request.make_array("main")
        self._let_go()
        return True, picture

    def release(self) -> None:
        """Let go of the camera."""
        self._let_go()
        self._camera.stop()
        self._camera.close()

    def _let_go(self) -> None:
        """Give its buffers back, of which a camera has few."""
        request, self._request = self._request, None
        if request is not None:
            request.release()
