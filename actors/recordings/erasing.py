"""Recordings of sessions removed, where each session has files of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from actors.recordings.reader import read_recording
from actors.services.recorder.options import RecorderOptions
from actors.services.recorder.session_files import PLACE, recordings_of
from pipeline.config.description import Description
from pipeline.errors import GreenroomError


@dataclass
class ErasedRecordings:
    """What became of recordings.

    Attributes:
        removed: Files that are gone.
        left: Files that are not, and why.
        shared: A recorder writes several sessions into one file, which is left as it is.
    """

    removed: list[Path] = field(default_factory=list)
    left: dict[Path, str] = field(default_factory=dict)
    shared: bool = False


def erase_recordings(
    recorders: Iterable[RecorderOptions], pipeline: str, sessions: Collection[str]
) -> ErasedRecordings:
    """Remove what was recorded of sessions, whenever it was.

    Args:
        recorders: Options of those of the pipeline.
        pipeline: Its name.
        sessions: Their names.
    """
    erased = ErasedRecordings()
    for options in recorders:
        if PLACE not in options.path:
            erased.shared = True
            continue
        for session in sessions:
            for path in recordings_of(options.path, pipeline, session):
                _erase(path, session, erased)
    return erased


def recorders_of(description: Description) -> Iterator[RecorderOptions]:
    """Return the options of the recorders of a pipeline that runs; its config has all defaults."""
    fields = RecorderOptions.model_fields.keys()
    for actor in description.config["actors"].values():
        options = actor["options"]
        # Whichever class of recorder it is; to load an actor's class would run its module here.
        if fields <= options.keys():
            yield RecorderOptions.model_validate({name: options[name] for name in fields})


def _erase(path: Path, session: str, erased: ErasedRecordings) -> None:
    try:
        # The name of a file alone may be that of the second file of another session.
        if read_recording([path], types=()).metadata["session"] == session:
            path.unlink()
            erased.removed.append(path)
    except (GreenroomError, OSError) as error:
        erased.left[path] = str(error)
