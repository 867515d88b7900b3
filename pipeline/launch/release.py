"""Memory that only the start needed, given back."""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
from collections.abc import Iterator
from pathlib import Path

AFTER_S = 20.0
"""After the start: when a process has done everything once."""
SPREAD_S = 20
"""It takes up to 20 ms: not in all processes at the same time, in the middle of a conversation."""
MADV_DONTNEED = 4
"""asm-generic/mman-common.h"""


def release_soon() -> None:
    """Do it a little later, on the running event loop, one process after the other."""
    delay_s = AFTER_S + os.getpid() % SPREAD_S
    asyncio.get_running_loop().call_later(delay_s, release)


def release() -> None:
    """Give back what this process has but does not need now. Takes up to 20 ms."""
    release_free_memory()
    release_file_pages()


def release_free_memory() -> None:
    """Unmap what is free between allocations; a library of C other than glibc may not offer it."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)


def release_file_pages() -> int:
    """Unmap the pages of files that this process only reads; what it needs comes back.

    To load OpenCV and what belongs to it touches 30 MiB of files, to use it less than half of
    that. Takes some milliseconds. Returns the KiB unmapped; 0 where the system has no smaps.
    """
    if sys.platform != "linux":
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    released_kib = 0
    for start, size, resident_kib in _clean_mappings():
        address = ctypes.c_void_p(start)
        if libc.madvise(address, ctypes.c_size_t(size), MADV_DONTNEED) == 0:
            released_kib += resident_kib
    return released_kib


def _clean_mappings() -> Iterator[tuple[int, int, int]]:
    """Give address, size and resident KiB of each mapping that can be read from its file again.

    One that the process wrote to before it was made read-only cannot: relocated addresses.
    """
    smaps = Path("/proc/self/smaps")
    if not smaps.exists():
        return
    start = size = resident_kib = 0
    # Line by line: the whole of it is 0.4 MB of text, more than is to be saved in most processes.
    with smaps.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            first, _, rest = line.partition(" ")
            if not first.endswith(":"):
                permissions, _, device, inode = rest.split()[:4]
                begin, end = (int(part, 16) for part in first.split("-"))
                from_file = inode != "0" and device != "00:00"
                start, size = begin, end - begin if from_file and permissions[:2] == "r-" else 0
            elif first == "Rss:":
                resident_kib = int(rest.split()[0])
            elif first == "Anonymous:" and size and resident_kib and rest.split()[0] == "0":
                yield start, size, resident_kib
