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
    """Return whose sound this is and which blocks of it are whole, wherever it was cut.

    None if there is no block.
    """
    whose, ends = block_ends(pcm)
    return (whose, [block for block, _ in ends]) if ends else None


def block_ends(pcm: bytes) -> tuple[int, list[tuple[int, int]]]:
    """Return whose sound this is, and each whole block with the place of its end in bytes.

    A mark counts where the next block follows it, or where it follows the one before and is not cut
    short by another: by chance, one place in 256 looks like a mark. -1 if there is no block.
    """
    found: list[tuple[int, int]] = []
    whose, at = -1, 0
    while at + BLOCK_BYTES <= len(pcm):
        here = unmark(pcm[at : at + BLOCK_BYTES])
        newest = found[-1][0] if found else None
        if here is not None and (
            _follows(pcm, at, here) or (newest == here[1] - 1 and not _is_cut(pcm, at))
        ):
            whose = here[0]
            at += BLOCK_BYTES
            found.append((here[1], at))
        else:
            at += 2
    return whose, found


def _is_cut(pcm: bytes, at: int) -> bool:
    """Whether other sound begins before the block that begins here is over."""
    for other in range(at + 2, min(at + BLOCK_BYTES, len(pcm) - BLOCK_BYTES + 1), 2):
        mark = unmark(pcm[other : other + BLOCK_BYTES])
        if mark is not None and _follows(pcm, other, mark):
            return True
    return False


def _follows(pcm: bytes, at: int, here: tuple[int, int]) -> bool:
    after = pcm[at + BLOCK_BYTES : at + 2 * BLOCK_BYTES]
    return len(after) == BLOCK_BYTES and unmark(after) == (here[0], here[1] + 1)
