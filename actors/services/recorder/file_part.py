"""Names of sessions in names of files."""

from __future__ import annotations

import re
import zlib

MOST_CHARACTERS = 80
"""Of a session's name in that of a file: with all that goes around it a file system takes it."""
_STRANGE = re.compile(r"[^\w.+@-]")


def file_part(session: str) -> str:
    """Return a session's name as part of the name of a file; two sessions never share one."""
    part = _STRANGE.sub("_", session)[:MOST_CHARACTERS]
    return part if part == session else f"{part}-{zlib.crc32(session.encode()):08x}"
