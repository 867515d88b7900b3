"""Sound in messages of the sizes that a provider takes; what does not fill one waits."""

from __future__ import annotations

from collections import deque

from actors.gateway.phone.dialect import Encoding

SILENCE = {Encoding.MULAW: b"\xff", Encoding.ALAW: b"\xd5", Encoding.PCM16: b"\x00"}
"""One byte of silence, ITU-T G.711 tables 1 and 2: the positive zero."""

Piece = bytes | str
"""The sound of one message, or the name of a mark that belongs behind it."""


class SizedSound:
    """Cuts sound into pieces. Marks keep their place, so that none is answered too early.

    Args:
        encoding: Of the sound, for the silence that fills the last piece.
        multiple: A piece is a multiple of so many bytes.
        least: Each has at least so many bytes, itself a multiple.
        most: And at most so many.
    """

    def __init__(self, encoding: Encoding, *, multiple: int, least: int, most: int) -> None:
        self._silence = SILENCE[encoding]
        self._multiple = multiple
        self._least = max(least, multiple)
        self._most = max(most // multiple * multiple, self._least)
        self._waiting = bytearray()
        self._marks: deque[tuple[int, str]] = deque()
        # Of each mark: how many of the bytes that wait are before it.

    def held_with(self, block_bytes: int) -> int:
        """Return how many bytes may wait while blocks of a size come."""
        return self._multiple + max(0, self._least - block_bytes)

    def add(self, payload: bytes) -> list[Piece]:
        """Return the pieces that are full by now."""
        size = len(payload)
        if self._least <= size <= self._most and not self._waiting and not size % self._multiple:
            return [payload]  # Nearly all: a block that is a piece as it is.
        self._waiting += payload
        pieces: list[Piece] = []
        while len(self._waiting) >= self._least:
            pieces += self._cut(min(self._most, len(self._waiting)))
        return pieces

    def mark(self, name: str) -> list[Piece]:
        """Return the mark if nothing waits before it."""
        if not self._waiting:
            return [name]
        self._marks.append((len(self._waiting), name))
        return []

    def finish(self) -> list[Piece]:
        """Return what waits, filled up with silence."""
        if not self._waiting:
            return []
        size = max(self._least, -(-len(self._waiting) // self._multiple) * self._multiple)
        self._waiting += self._silence * (size - len(self._waiting))
        return self._cut(size)

    def clear(self) -> None:
        """Forget what waits, and the marks of it."""
        self._waiting.clear()
        self._marks.clear()

    def _cut(self, size: int) -> list[Piece]:
        size = size // self._multiple * self._multiple
        pieces: list[Piece] = [bytes(self._waiting[:size])]
        del self._waiting[:size]
        while self._marks and self._marks[0][0] <= size:
            pieces.append(self._marks.popleft()[1])
        self._marks = deque((before - size, name) for before, name in self._marks)
        return pieces
