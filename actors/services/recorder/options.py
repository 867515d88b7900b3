"""What is recorded, and into which files."""

from __future__ import annotations

from pydantic import Field

from actors.services.recorder.privacy import Omission
from actors.services.recorder.rotation import RotationLimits
from pipeline.actor import Options

DEFAULT_PATH = "recordings/{pipeline}-{time}.mcap"


class RecorderOptions(Options):
    """Options of `recorder`."""

    path: str = Field(
        DEFAULT_PATH,
        min_length=1,
        description="Taken from the working directory; folders are made. `{pipeline}`, `{session}` "
        "and `{time}` are filled in, with `{session}` each session has files of its own; a file "
        "that is there already is never written over.",
    )
    streams: list[str] = Field(
        ["*"],
        min_length=1,
        description="Which, written `actor.port`; `*` stands for anything, as in `live.*`.",
    )
    without: list[Omission] = Field(
        default_factory=list, description="Leave out `audio`, `images`, or both."
    )
    transcripts_only: bool = Field(
        False, description="Only what was said and when: no sound, no pictures, no tool calls."
    )
    file_max_mib: float | None = Field(
        512.0, gt=0, description="A file that has grown so long is followed by a new one."
    )
    file_max_minutes: float | None = Field(
        30.0, gt=0, description="The same by time: less memory, and less lost with a file."
    )
    keep_files: int | None = Field(
        None, ge=1, description="Remove the oldest files of this run beyond so many."
    )


def limits_of(options: RecorderOptions) -> RotationLimits:
    """Return the limits of the files, in bytes and seconds."""
    mib, minutes = options.file_max_mib, options.file_max_minutes
    return RotationLimits(
        max_bytes=int(mib * 2**20) if mib else None,
        max_age_s=minutes * 60 if minutes else None,
        keep_files=options.keep_files,
    )
