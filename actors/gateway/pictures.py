"""A caller's pictures, as a camera of this machine would give them."""

from __future__ import annotations

import numpy as np

from actors.gateway.errors import UnreadablePictureError
from actors.inputs.camera.encoder import Encoded, Encoder
from actors.inputs.camera.options import CameraOptions

MOST_PIXELS = 50_000_000
"""Of a picture as it is sent: a telephone's best camera. Larger ones take seconds to decode."""


def fitted(data: bytes) -> Encoded:
    """Return a picture as a JPEG of the size that a camera sends; takes some 10 ms.

    Raises:
        UnreadablePictureError: it is none.
    """
    import cv2

    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        picture = None
    if picture is None:
        raise UnreadablePictureError("this is no picture: send JPEG, PNG or WebP")
    if picture.shape[0] * picture.shape[1] > MOST_PIXELS:
        raise UnreadablePictureError(f"a picture has up to {MOST_PIXELS // 10**6} megapixels")
    camera = CameraOptions()
    encoder = Encoder(
        camera.width, camera.height, camera.quality, int(camera.max_bytes_per_s / camera.rate_hz)
    )
    return encoder.encode(picture.astype(np.uint8, copy=False))
