"""Memory of a group of processes: as the kernel counts it, and as if nothing else ran."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

KIB_PER_MIB = 1024
FURTHER_LIMIT_MIB = 2.0
"""For each further session, all actors together: the design's limit."""
FIRST_FIELD = 5
"""Words of a line of smaps that begins a mapping and has no file: proc(5)."""


def memory_mib(pids: Iterable[int]) -> dict[int | str, float]:
    """Return what each process has for itself, by pid, and the pages of all files, as `files`.

    A page that the processes share among themselves counts once: in equal parts to those that
    have it (PSS) if it is anonymous, under `files` if it comes from a file. PSS alone would be
    less while another program on the machine maps the same libraries.
    """
    own: dict[int | str, float] = {}
    files: dict[str, float] = defaultdict(float)
    for pid in pids:
        own[pid] = _rollup_mib(pid, "Pss_Anon")
        for file, kib in _file_pages(pid).items():
            files[file] = max(files[file], kib)
    return {**own, "files": sum(files.values()) / KIB_PER_MIB}


def pss_mib(pids: Iterable[int]) -> dict[int, float]:
    """Return the proportional set size of each process, by pid: what the kernel counts for it.

    A page is counted in equal parts for all that have it, those of other programs too.
    """
    return {pid: _rollup_mib(pid, "Pss") for pid in pids}


def _file_pages(pid: int) -> dict[str, float]:
    """Resident pages of each file in KiB, those that the process wrote to left out."""
    found: dict[str, float] = defaultdict(float)
    file = ""
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        words = line.split()
        if not words[0].endswith(":"):
            file = words[FIRST_FIELD] if len(words) > FIRST_FIELD else ""
        elif file.startswith("/") and words[0] == "Rss:":
            found[file] += int(words[1])
        elif file.startswith("/") and words[0] == "Anonymous:":
            found[file] -= int(words[1])
    return found


def _rollup_mib(pid: int, field: str) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    (found,) = (line for line in lines if line.startswith(f"{field}:"))
    return int(found.split()[1]) / KIB_PER_MIB
