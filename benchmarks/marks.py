"""Whose a block of sound is, and which: written into the lowest bits of its first samples."""

from __future__ import annotations

from benchmarks.sound import CHUNK_SAMPLES

BLOCK_BYTES = 2 * CHUNK_SAMPLES
CALLER_BITS, BLOCK_BITS = 8, 16
MARK = 0xA5
"""Comes before them, so that a block that is cut differently is not taken for one."""
MARK_BITS = 8 + CALLER_BITS + BLOCK_BITS
_LOW_BYTES = slice(0, 2 * MARK_BITS, 2)
_TO_BITS = bytes.maketrans(b"01", b"\x00\x01")
_CLEARED = bytes(value & 0xFE for value in range(256))
_LOWEST = bytes(48 + (value & 1) for value in range(256))


def mark(pcm: bytes, caller: int, block: int) -> bytes:
    """Return the block with its name in the lowest bits of its first samples."""
    name = (MARK << (CALLER_BITS + BLOCK_BITS)) | (caller << BLOCK_BITS) | block
    bits = f"{name:0{MARK_BITS}b}".encode().translate(_TO_BITS)
    low = int.from_bytes(pcm[_LOW_BYTES].translate(_CLEARED), "big") | int.from_bytes(bits, "big")
    marked = bytearray(pcm)
    marked[_LOW_BYTES] = low.to_bytes(MARK_BITS, "big")
    return bytes(marked)


def unmark(pcm: bytes) -> tuple[int, int] | None:
    """Return caller and block, if this is a whole block of anybody's."""
    name = int(pcm[_LOW_BYTES].translate(_LOWEST), 2)
    if name >> (CALLER_BITS + BLOCK_BITS) != MARK:
        return None
    return (name >> BLOCK_BITS) & ((1 << CALLER_BITS) - 1), name & ((1 << BLOCK_BITS) - 1)


def blocks_in(pcm: bytes) -> tuple[int, list[int]] | None:
    """Return whose sound this is and which blocks of it are whole, wherever they begin.

    None if there is not one.
    """
    for offset in range(0, min(BLOCK_BYTES, len(pcm) - BLOCK_BYTES + 1), 2):
        first = unmark(pcm[offset : offset + BLOCK_BYTES])
        if first is None:
            continue
        whole = range(offset, len(pcm) - BLOCK_BYTES + 1, BLOCK_BYTES)
        found = [unmark(pcm[at : at + BLOCK_BYTES]) for at in whole]
        return first[0], [each[1] for each in found if each is not None and each[0] == first[0]]
    return None
