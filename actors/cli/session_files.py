"""Where the file of each session goes."""

from __future__ import annotations

from pathlib import Path

from actors.recordings.reader import Recording
from actors.services.recorder.file_part import file_part


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
