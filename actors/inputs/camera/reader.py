"""Pictures from a source at a rate; blocking, for a thread of its own."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from threading import Event
from typing import Any, NamedTuple

from actors.inputs.camera.encoder import Picture
from actors.inputs.camera.source import PictureSource, SourceKind
from actors.lib.pi_cameras import PiCapture
from pipeline.errors import DeviceError

NETWORK_TIMEOUT_MS = 5000
"""A camera that says nothing for so long is gone; a wireless one may be silent for a few
seconds."""


class Shot(NamedTuple):
    """A picture and the monotonic time at which it was taken."""

    picture: Picture
    origin_ns: int


Shots = Generator[Shot, None, None]


def open_capture(source: PictureSource) -> Any:
    """Open a camera, a file or an address with OpenCV, or Picamera2.

    Raises:
        DeviceError: it cannot be opened.
    """
    if source.kind is SourceKind.PI_CAMERA:
        return PiCapture(source.target)
    import cv2

    if source.kind is SourceKind.DEVICE:
        capture = cv2.VideoCapture(source.target, cv2.CAP_V4L2)
    else:
        # One thread: a few pictures per second do not need a decoder on every core.
        settings = [cv2.CAP_PROP_N_THREADS, 1]
        if source.kind is SourceKind.ADDRESS:
            settings += [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, NETWORK_TIMEOUT_MS]
            settings += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, NETWORK_TIMEOUT_MS]
        capture = cv2.VideoCapture(source.target, cv2.CAP_FFMPEG, settings)
    if not capture.isOpened():
        capture.release()
        raise DeviceError(f"{source.kind} {source.target} {_ADVICE[source.kind]}")
    return capture


_ADVICE = {
    SourceKind.DEVICE: (
        "cannot be opened: another program may hold it, or you may lack the right to it"
    ),
    SourceKind.FILE: (
        "cannot be read as video: use a file that ffmpeg plays, such as MP4, WebM or AVI"
    ),
    SourceKind.ADDRESS: "gives no video: check the address and that the camera is on",
}


def shots(
    source: PictureSource,
    rate_hz: float,
    begun_ns: int,
    stopping: Event,
    on_damage: Callable[[str], None],
) -> Shots:
    """Yield pictures at their time until the source ends or `stopping` is set.

    Args:
        source: Where from.
        rate_hz: How many per second.
        begun_ns: When a file or a row of pictures began to play; in the past after a restart.
        stopping: Set by another thread to end early.
        on_damage: Told of each picture that cannot be read and is left out.

    Raises:
        DeviceError: the source cannot be opened, has not one picture that can be read, or is live
            and has gone.
    """
    if source.kind is SourceKind.PICTURES:
        yield from _row(source, rate_hz, begun_ns, stopping, on_damage)
        return
    capture = open_capture(source)
    try:
        if source.live:
            yield from _live(capture, source, rate_hz, stopping, on_damage)
        else:
            yield from _film(capture, source, rate_hz, begun_ns, stopping, on_damage)
    finally:
        capture.release()


def _live(
    capture: Any,
    source: PictureSource,
    rate_hz: float,
    stopping: Event,
    on_damage: Callable[[str], None],
) -> Shots:
    interval_ns = round(1e9 / rate_hz)
    shown = f"{source.kind} {source.target}"
    due_ns = time.monotonic_ns()
    while not stopping.is_set():
        # Every picture is fetched, so that the one decoded is new and not from a queue.
        if not capture.grab():
            raise DeviceError(f"{shown} has stopped giving pictures")
        now_ns = time.monotonic_ns()
        if now_ns < due_ns:
            continue
        good, picture = capture.retrieve()
        if not good:
            # The next one takes its place.
            on_damage(f"{shown} gave a picture that cannot be read")
            if now_ns - due_ns > NETWORK_TIMEOUT_MS * 1_000_000:
                raise DeviceError(f"{shown} gives no picture that can be read")
            continue
        due_ns += interval_ns
        if due_ns <= now_ns:
            due_ns = now_ns + interval_ns
        yield Shot(picture, now_ns)


def _film(
    capture: Any,
    source: PictureSource,
    rate_hz: float,
    begun_ns: int,
    stopping: Event,
    on_damage: Callable[[str], None],
) -> Shots:
    import cv2

    number = _first_due(rate_hz, begun_ns)
    if number:
        capture.set(cv2.CAP_PROP_POS_MSEC, number / rate_hz * 1000)
    while capture.grab():
        if capture.get(cv2.CAP_PROP_POS_MSEC) < number / rate_hz * 1000 - 0.5:
            continue
        due_ns = begun_ns + round(number / rate_hz * 1e9)
        if stopping.wait(max(0.0, (due_ns - time.monotonic_ns()) / 1e9)):
            return
        good, picture = capture.retrieve()
        if good:
            yield Shot(picture, due_ns)
        else:
            on_damage(f"{source.target}: the picture at {number / rate_hz:g} s cannot be read")
        number += 1


def _row(
    source: PictureSource,
    rate_hz: float,
    begun_ns: int,
    stopping: Event,
    on_damage: Callable[[str], None],
) -> Shots:
    import cv2

    first = _first_due(rate_hz, begun_ns)
    damaged = 0
    for number, path in enumerate(source.pictures[first:], first):
        due_ns = begun_ns + round(number / rate_hz * 1e9)
        if stopping.wait(max(0.0, (due_ns - time.monotonic_ns()) / 1e9)):
            return
        picture: Any = cv2.imread(str(path))
        if picture is None:
            damaged += 1
            on_damage(f"{path} cannot be read as a picture: replace or remove it")
        else:
            yield Shot(picture, due_ns)
    if damaged == len(source.pictures):
        raise DeviceError(f"not one picture of {source.target} can be read")


def _first_due(rate_hz: float, begun_ns: int) -> int:
    """Return the number of the picture to begin with: 0 unless the process was started again."""
    played_s = (time.monotonic_ns() - begun_ns) / 1e9
    return math.ceil(played_s * rate_hz) if played_s > 1 / rate_hz else 0
