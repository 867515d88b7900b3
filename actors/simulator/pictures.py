"""Reads the size of a JPEG from its headers."""

import struct

START_OF_IMAGE = b"\xff\xd8"
# Start-of-frame markers, without the four in that range that mean something else (ITU T.81, B.1).
START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers that stand alone, without a length.
STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels. Raises ValueError if `data` is no JPEG."""
    if not data.startswith(START_OF_IMAGE):
        raise ValueError("no JPEG: it does not begin with FF D8")
    position = 2
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            raise ValueError(f"no JPEG: no marker at byte {position}")
        marker = data[position + 1]
        if marker == 0xFF or marker in STANDALONE:
            position += 1 if marker == 0xFF else 2
            continue
        if marker in START_OF_FRAME:
            if position + 9 > len(data):
                break
            height, width = struct.unpack(">HH", data[position + 5 : position + 9])
            return width, height
        position += 2 + struct.unpack(">H", data[position + 2 : position + 4])[0]
    raise ValueError("no JPEG: it ends before the size")
