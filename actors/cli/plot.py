"""`greenroom plot`: one picture of a recorded conversation."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from actors.cli.session_files import by_session
from actors.recordings import sound, timeline
from actors.recordings.envelope import envelopes, window_of
from actors.recordings.picture import ConversationPicture
from actors.recordings.reader import Recording, beside, frames, read_recording
from pipeline.errors import GreenroomError

SUFFIXES = (".png", ".svg")


def plot_command(
    files: Sequence[Path], output: Path | None, user: str | None, session: str | None = None
) -> None:
    """Draw the conversation next to its first file, or to `output`, which is written over.

    Of several sessions each has a picture of its own.

    Raises:
        GreenroomError: no recording, nothing in it, or `output` cannot be written.
    """
    if find_spec("matplotlib") is None:
        raise GreenroomError("plot needs a package: pip install 'greenroom[plot]'")
    path = output or beside(files, ".png")
    if path.suffix not in SUFFIXES:
        raise GreenroomError(f"{path}: pictures are {' or '.join(SUFFIXES)}")
    recording = read_recording(files, timeline.TYPES | sound.TYPES)
    for each, own_path in by_session(recording, session, path):
        picture = picture_of(each, user)
        try:
            picture.save(own_path)
        except OSError as error:
            raise GreenroomError(f"cannot write {own_path}: {error.strerror}") from error
        print(f"wrote {own_path}")  # noqa: T201


def picture_of(recording: Recording, user: str | None = None) -> ConversationPicture:
    """Return the picture of a recording.

    Raises:
        GreenroomError: there is nothing to draw in it, or `user` carries no sound.
    """
    happened = timeline.timeline_of(frames(recording.of(timeline.TYPES)))
    heard = sound.sound_of(recording, user)
    span_ns = heard.span_ns or happened.span_ns
    if span_ns is None:
        raise GreenroomError("neither sound nor turns were recorded: there is nothing to draw")
    size = window_of(sound.samples_in(span_ns))
    user_side, heard_side = envelopes(heard.windows(span_ns, size), size)
    return ConversationPicture(
        happened, (user_side, heard_side), span_ns, _title(recording, happened)
    )


def _title(recording: Recording, happened: timeline.ConversationTimeline) -> str:
    count = len(happened.turns)
    return f"{recording.metadata['pipeline']}: {count} turn{'' if count == 1 else 's'}"
