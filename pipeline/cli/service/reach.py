"""Whether another user can read a file, and the folders above it."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import GreenroomError

HOMES = (Path("/home"), Path("/root"))
"""What systemd hides with ProtectHome, besides /run/user."""


@dataclass(frozen=True)
class Reader:
    """Who is to read; -1 is a user that is there only while the service runs."""

    uid: int = -1
    gids: Collection[int] = ()


def out_of_reach(path: Path, reader: Reader) -> Path | None:
    """Return the first of the folders above a file, or the file, that a reader cannot go through.

    By the permission bits alone. The file itself may be a link; what it leads to counts.
    """
    if reader.uid == 0:
        return None
    real = path.resolve()
    for each in (*reversed(real.parents), real):
        needed = stat.S_IXOTH if each.is_dir() else stat.S_IROTH
        found = each.stat()
        if found.st_uid == reader.uid:
            needed <<= 6
        elif found.st_gid in reader.gids:
            needed <<= 3
        if not found.st_mode & needed:
            return each
    return None


def is_below_home(paths: Collection[Path]) -> bool:
    """Return whether one of these, or what it leads to, is in somebody's home."""
    every = {form for path in paths for form in (path, path.resolve())}
    return any(each.is_relative_to(home) for each in every for home in HOMES)


def reader_named(user: str) -> Reader:
    """Return who has that name; empty: a user that is there only while the service runs.

    Raises:
        GreenroomError: nobody has it.
    """
    import pwd

    if not user:
        return Reader()
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise GreenroomError(f"there is no user {user!r} on this machine") from None
    return Reader(entry.pw_uid, os.getgrouplist(user, entry.pw_gid))
