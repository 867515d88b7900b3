"""Pictures, films and a network camera for tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def grey(level: int, width: int = 320, height: int = 240) -> Picture:
    return np.full((height, width, 3), level, np.uint8)


def noise(width: int, height: int) -> Picture:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)


def decoded(jpeg: bytes) -> Picture:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture, np.uint8)


def film(path: Path, seconds: float, fps: int = 10) -> Path:
    """Write a film that grows brighter by 10 each half second."""
    codec = {"mp4": "mp4v", "avi": "MJPG"}[path.suffix[1:]]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (320, 240))
    for number in range(round(seconds * fps)):
        writer.write(grey(20 + 10 * (2 * number // fps)))
    writer.release()
    return path


class NetworkCamera:
    """An MJPEG server on loopback that can be unplugged, plugged in again, and made to hang."""

    def __init__(self) -> None:
        self.plugged = threading.Event()
        self.plugged.set()
        self.closing = threading.Event()
        self.hanging = threading.Event()
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if not camera.plugged.is_set():
                    self.send_error(503)
                    return
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                camera.stream(self.wfile.write)

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/video.mjpg"

    def stream(self, write: object) -> None:
        assert callable(write)
        jpeg = cv2.imencode(".jpg", grey(128))[1].tobytes()
        head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
        try:
            while self.plugged.is_set() and not self.closing.wait(0.04):
                if not self.hanging.is_set():
                    write(head.encode() + jpeg + b"\r\n")
        except ConnectionError:
            return


@contextmanager
def network_camera() -> Iterator[NetworkCamera]:
    camera = NetworkCamera()
    thread = threading.Thread(target=camera.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield camera
    finally:
        camera.closing.set()
        camera.server.shutdown()
        camera.server.server_close()
        thread.join()
