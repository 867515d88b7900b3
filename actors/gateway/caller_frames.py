"""Where messages lie in what a client sends over its WebSocket (RFC 6455, 5.2)."""

from __future__ import annotations

WHOLE_TEXT, WHOLE_BINARY, MASKED, MASK_BYTES = 0x81, 0x82, 0x80, 4
"""The first byte of a message in one frame, in text and binary, the flag of a mask before the
length of a frame, and the length of a mask."""
TWO_BYTES_SIZE, EIGHT_BYTES_SIZE = 126, 127
"""Said in place of a length: it follows in so many bytes."""


def message_in(data: bytes) -> tuple[int, int] | None:
    """Return where the bytes of a message lie with which `data` begins.

    None if it is no message in one frame of less than 64 KB, or not all here.
    """
    if len(data) < 2 or data[0] not in (WHOLE_TEXT, WHOLE_BINARY):
        return None
    size, begin = data[1] - MASKED, 2 + MASK_BYTES
    if size == TWO_BYTES_SIZE:
        size, begin = int.from_bytes(data[2:4], "big"), begin + 2
    elif not 0 <= size < TWO_BYTES_SIZE:
        return None
    return (begin, begin + size) if len(data) >= begin + size else None


def message_frame(message: str | bytes) -> bytes:
    """Return a message as the one frame that a server sends of it.

    Raises:
        UnicodeEncodeError: it is text with half a character in it.
    """
    data, kind = message, WHOLE_BINARY
    if isinstance(data, str):
        data, kind = data.encode(), WHOLE_TEXT
    size = len(data)
    if size < TWO_BYTES_SIZE:
        return bytes((kind, size)) + data
    if size < 1 << 16:
        return bytes((kind, TWO_BYTES_SIZE)) + size.to_bytes(2, "big") + data
    return bytes((kind, EIGHT_BYTES_SIZE)) + size.to_bytes(8, "big") + data


class FrameWalk:
    """Follows the frames of a client, in pieces of any size, as far as to know where they end."""

    def __init__(self) -> None:
        self._head = b""
        self._left = 0

    @property
    def is_between(self) -> bool:
        """Whether every frame that has begun has ended."""
        return not self._head and not self._left

    def follow(self, data: bytes) -> int:
        """Go on by a piece; return how many frames began in it."""
        at = begun = 0
        while at < len(data):
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
                continue
            self._head += data[at : at + 1]
            at += 1
            left = _after_head(self._head)
            if left is not None:
                self._head, self._left = b"", left
                begun += 1
        return begun


def _after_head(head: bytes) -> int | None:
    """Return how many bytes of its frame follow this head; None if it is not whole."""
    if len(head) < 2:
        return None
    size = head[1] & ~MASKED
    if size == TWO_BYTES_SIZE:
        size_bytes = 2
    elif size == EIGHT_BYTES_SIZE:
        size_bytes = 8
    else:
        return size + MASK_BYTES
    if len(head) < 2 + size_bytes:
        return None
    return int.from_bytes(head[2:], "big") + MASK_BYTES
