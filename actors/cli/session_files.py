"""Where the file of each session goes."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

from actors.recordings.reader import Recording

MOST_CHARACTERS = 80
"""Of a session's name in that of a file: with all that goes around it a file system takes it."""
_STRANGE = re.compile(r"[^\w.+@-]")


def by_session(
    recording: Recording, session: str | None, path: Path
) -> list[tuple[Recording, Path]]:
    """Return each session that is wanted, and the file for it.

    One session goes to `path` itself; of several each has its name before the suffix.

    Args:
        recording: Of any number of sessions.
        session: The one that is wanted; None: all.
        path: As for a single session.

    Raises:
        GreenroomError: the session that is wanted was not recorded.
    """
    found = recording.by_session(session)
    if len(found) == 1:
        return [(found[0][1], path)]
    return [
        (each, path.with_name(f"{path.stem}.{file_part(name)}{path.suffix}"))
        for name, each in found
    ]


def file_part(session: str) -> str:
    """Return a session's name as part of the name of a file; two sessions never share one."""
    part = _STRANGE.sub("_", session)[:MOST_CHARACTERS]
    return part if part == session else f"{part}-{zlib.crc32(session.encode()):08x}"
