"""A caller's pictures, as a camera of this machine would give them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import numpy as np

from actors.gateway.caller import Caller
from actors.gateway.errors import UnreadablePictureError
from actors.inputs.camera.encoder import Encoded, Encoder
from actors.inputs.camera.options import CameraOptions
from actors.lib.picture_size import picture_size
from actors.outputs.metronome import WorkOf

MOST_PIXELS = 50_000_000
"""Of a picture as it is sent: a telephone's best camera. Larger ones take seconds to decode."""
DECODING = threading.Lock()
"""One is decoded after the other: each of the largest takes 150 MB meanwhile."""
NO_PICTURE = "this is no picture: send JPEG, PNG or WebP"


class PictureTaker:
    """Shows a caller's pictures, one at a time: while one is made to fit, others are left out.

    Args:
        work_of: What is done in it is the work of a session, and fails for it alone.
        say: Tells the client what was wrong with a picture.
    """

    def __init__(self, work_of: WorkOf, say: Callable[[str], None]) -> None:
        self._work_of = work_of
        self._say = say
        self._fitting: asyncio.Task[None] | None = None

    def show(self, caller: Caller, data: bytes) -> None:
        """Show a picture as soon as it fits."""
        if self._fitting is None or self._fitting.done():
            self._fitting = asyncio.get_running_loop().create_task(self._fit(caller, data))

    async def close(self) -> None:
        """Show nothing more."""
        if self._fitting is not None:
            self._fitting.cancel()
            await asyncio.gather(self._fitting, return_exceptions=True)

    async def _fit(self, caller: Caller, data: bytes) -> None:
        try:
            picture = await asyncio.to_thread(fitted, data)
        except UnreadablePictureError as problem:
            self._say(str(problem))
            return
        with self._work_of(caller.session):
            caller.show(picture.jpeg, picture.width, picture.height)


def fitted(data: bytes) -> Encoded:
    """Return a picture as a JPEG of the size that a camera sends; takes some 10 ms.

    Raises:
        UnreadablePictureError: it is none.
    """
    size = picture_size(data)
    if size is None:
        raise UnreadablePictureError(NO_PICTURE)
    # A few kilobytes can be gigabytes when decoded.
    if size[0] * size[1] > MOST_PIXELS:
        raise UnreadablePictureError(f"a picture has up to {MOST_PIXELS // 10**6} megapixels")
    with DECODING:
        return _decoded_and_fitted(data)


def _decoded_and_fitted(data: bytes) -> Encoded:
    import cv2

    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        picture = None
    if picture is None:
        raise UnreadablePictureError(NO_PICTURE)
    camera = CameraOptions()
    encoder = Encoder(
        camera.width, camera.height, camera.quality, int(camera.max_bytes_per_s / camera.rate_hz)
    )
    return encoder.encode(picture.astype(np.uint8, copy=False))
