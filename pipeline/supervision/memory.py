"""Memory use of a process."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

KIB_PER_MIB = 1024
GROWN_PAGES = 256
"""Of 4 KiB: a MiB more or less is worth an exact look."""
LOOK_EVERY_S = 60.0
"""Without such a change: what a process shares with others also changes when they do."""


class MemoryUse(NamedTuple):
    """In MiB.

    Attributes:
        pss: What it has for itself, and its share of what it shares.
        uss: What it has for itself.
    """

    pss: float
    uss: float


def memory_of(pid: int) -> MemoryUse | None:
    """Return the memory of a process; None: it is gone, or the system does not tell.

    Linux only; psutil, which reads the same, takes 40 ms to import.
    """
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return None
    fields = (line.partition(":") for line in text.splitlines()[1:])
    kib = {name: int(rest.split()[0]) for name, _, rest in fields}
    uss = kib.get("Private_Clean", 0) + kib.get("Private_Dirty", 0)
    return MemoryUse(kib.get("Pss", 0) / KIB_PER_MIB, uss / KIB_PER_MIB)


def resident_pages(pid: int) -> int | None:
    """Return how many pages of a process are in memory, shared ones included; None: it is gone.

    The kernel has counted them, where for `memory_of` it looks at each, which takes a millisecond.
    """
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1])
    except OSError:
        return None


class MemoryWatch:
    """Says when the memory of a process is worth an exact look. Pure."""

    def __init__(self) -> None:
        self._pages = 0
        self._pid = 0
        self._looked_s = 0.0

    def is_due(self, pages: int | None, pid: int, now_s: float) -> bool:
        """Return whether to look now, and take it that this is done.

        Args:
            pages: How many of the process are in memory; None: nobody knows.
            pid: Of the process.
            now_s: Monotonic seconds.
        """
        is_same = pages is not None and pid == self._pid
        is_as_big = is_same and abs((pages or 0) - self._pages) < GROWN_PAGES
        if is_as_big and now_s - self._looked_s < LOOK_EVERY_S:
            return False
        self._pages, self._pid, self._looked_s = pages or 0, pid, now_s
        return True
