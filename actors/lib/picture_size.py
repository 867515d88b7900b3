"""How large a picture is, from its header: before anything is decoded. Pure."""

from __future__ import annotations

import struct

PNG, JPEG, RIFF, WEBP = b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"RIFF", b"WEBP"
FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Of JPEG: begin the segment with the size, whatever the coding (ITU-T T.81, table B.1)."""
BARE_MARKERS = frozenset((0x01, *range(0xD0, 0xD9)))
"""Of JPEG: without a length."""


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels; None if it is no JPEG, PNG or WebP."""
    try:
        if data.startswith(PNG):
            width, height = struct.unpack_from(">II", data, 16)
            return width, height
        if data.startswith(JPEG):
            return jpeg_size(data)
        if data.startswith(RIFF) and data[8:12] == WEBP:
            return _of_webp(data)
    except (struct.error, ValueError):
        pass
    return None


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Return width and height in pixels.

    Raises:
        ValueError: it is no JPEG.
    """
    if not data.startswith(JPEG):
        raise ValueError("no JPEG: it does not begin with FF D8")
    position = 2
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            raise ValueError(f"no JPEG: no marker at byte {position}")
        marker = data[position + 1]
        if marker == 0xFF or marker in BARE_MARKERS:
            position += 1 if marker == 0xFF else 2
            continue
        if marker in FRAME_MARKERS:
            if position + 9 > len(data):
                break
            height, width = struct.unpack(">HH", data[position + 5 : position + 9])
            return width, height
        position += 2 + struct.unpack(">H", data[position + 2 : position + 4])[0]
    raise ValueError("no JPEG: it ends before the size")


def _of_webp(data: bytes) -> tuple[int, int] | None:
    """See RFC 9649, 2.5 to 2.7."""
    match data[12:16]:
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", data, 26)
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            bits = struct.unpack_from("<I", data, 21)[0]
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            canvas = data[24:30]
            width, height = (int.from_bytes(canvas[at : at + 3], "little") + 1 for at in (0, 3))
            return width, height
    return None
