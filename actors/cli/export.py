"""`greenroom export`: a recording in a form that other programs read."""

from __future__ import annotations

import base64
import sys
import wave
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

import msgpack
import numpy as np

from actors.cli.session_files import by_session
from actors.lib.audio.pcm import SAMPLE_BYTES
from actors.recordings import showing, timeline
from actors.recordings.captions import captions_of
from actors.recordings.film import BLACK, Film
from actors.recordings.foxglove import FoxgloveFile, require_foxglove
from actors.recordings.reader import RecordedMessages, Recording, beside, frames, read_recording
from actors.recordings.rerun_file import require_rerun, write_rerun
from actors.recordings.runs import RATE_HZ
from actors.recordings.sound import TYPES, samples_in, sound_of
from pipeline.errors import GreenroomError
from pipeline.frames import Image
from pipeline.frames.values import json_text
from pipeline.logs import redact

STDOUT = Path("-")
MOST_BYTES = 2**32 - 1 - 44
"""A WAV file counts in 32 bits, its header of 44 bytes included."""


ExportForm = Literal["wav", "jsonl", "mp4", "foxglove", "rerun"]
SUFFIXES = {"foxglove": ".foxglove.mcap", "rerun": ".rrd"}
"""Where it is not the name of the form."""


def export_command(
    files: Sequence[Path],
    to: ExportForm,
    output: Path | None,
    user: str | None,
    *,
    binary: bool,
    session: str | None = None,
) -> None:
    """Write the recording next to its first file, or to `output`.

    Of several sessions each has a file of its own; lines of JSON name theirs.

    Raises:
        GreenroomError: no recording, no sound in it, or `output` is there already.
    """
    path = output or beside(files, SUFFIXES.get(to, f".{to}"))
    if to != "jsonl" and path == STDOUT:
        raise GreenroomError(f"{to} cannot go to standard output: name a file with -o")
    if to == "jsonl":
        recording = read_recording(files)
        export_jsonl(recording if session is None else recording.of_session(session), path, binary)
        written = [path]
    else:
        write, types = WRITERS[to]
        sessions = by_session(read_recording(files, types), session, path)
        for each, own_path in sessions:
            write(each, own_path, user)
        written = [own_path for _, own_path in sessions]
    for own_path in written:
        if own_path != STDOUT:
            print(f"wrote {own_path}")  # noqa: T201


def export_wav(recording: Recording, path: Path, user: str | None) -> None:
    """Write the user on the left channel, what the user heard on the right.

    Raises:
        GreenroomError: there is no sound, or `path` cannot be written.
    """
    sound = sound_of(recording, user)
    if sound.span_ns is None:
        raise GreenroomError("no sound was recorded: `greenroom record` without `--without audio`")
    count = samples_in(sound.span_ns)
    if count * 2 * SAMPLE_BYTES > MOST_BYTES:
        raise GreenroomError(
            f"{count / RATE_HZ / 3600:.1f} h of sound are too much for one WAV file: "
            "export the files of the recording one by one"
        )
    with _new_file(path) as file, wave.open(file, "wb") as writer:
        writer.setnchannels(2)
        writer.setsampwidth(SAMPLE_BYTES)
        writer.setframerate(RATE_HZ)
        for sides in sound.windows(sound.span_ns):
            writer.writeframesraw(np.stack(sides, axis=1).astype("<i2", copy=False).tobytes())


def export_mp4(recording: Recording, path: Path, user: str | None) -> None:
    """Write what the camera saw, the sound as in a WAV file, and what was said as subtitles.

    Raises:
        GreenroomError: there is neither sound nor a turn, or `path` cannot be written.
    """
    sound = sound_of(recording, user)
    happened = timeline.timeline_of(frames(recording.of(timeline.TYPES)))
    span_ns = sound.span_ns or happened.span_ns
    if span_ns is None:
        raise GreenroomError("neither sound nor turns were recorded: there is nothing to show")
    images = recording.of({"image"})
    size = next(((each.width, each.height) for each in _pictures(images)), BLACK)
    captions = captions_of(happened.turns, span_ns[1])
    with _new_file(path) as file:
        film = Film(file, size)
        film.write(_pictures(images), sound.windows(span_ns), captions, span_ns)
    if film.broken:
        print(f"{film.broken} pictures could not be decoded", file=sys.stderr)  # noqa: T201


def export_foxglove(recording: Recording, path: Path, user: str | None) -> None:
    """Write an MCAP file with the types that Foxglove shows.

    Raises:
        GreenroomError: there is nothing to show, a package is missing, or `path` cannot be written.
    """
    require_foxglove()
    everything = showing.shown(recording, user)
    with _new_file(path) as file:
        FoxgloveFile(file, recording.clock_offset_ns, recording.metadata).write(everything)


def export_rerun(recording: Recording, path: Path, user: str | None) -> None:
    """Write a file for the viewer of Rerun.

    Raises:
        GreenroomError: as `export_foxglove`.
    """
    require_rerun()
    everything = showing.shown(recording, user)
    with _new_file(path) as file:
        write_rerun(everything, Path(file.name), recording)


WRITERS: dict[str, tuple[Callable[[Recording, Path, str | None], None], frozenset[str]]] = {
    "wav": (export_wav, TYPES),
    "mp4": (export_mp4, TYPES | timeline.TYPES | {"image"}),
    "foxglove": (export_foxglove, showing.TYPES),
    "rerun": (export_rerun, showing.TYPES),
}
"""Who writes a form, and the types of frame it needs."""


def _pictures(messages: RecordedMessages) -> Iterator[Image]:
    return (frame for _, frame in frames(messages) if isinstance(frame, Image))


def export_jsonl(recording: Recording, path: Path, binary: bool) -> None:
    """Write a line for each frame: its fields, `stream`, and `unix_ns`, when it was sent.

    Raises:
        GreenroomError: `path` cannot be written.
    """
    offset_ns = recording.clock_offset_ns
    keep: Callable[[Any], Any] = _with_base64 if binary else _without_bytes
    with _new_file(path) as file:
        for message in recording.messages:
            line = {
                "stream": f"{message.actor}.{message.port}",
                "unix_ns": message.sent_ns + offset_ns,
                **keep(msgpack.unpackb(message.payload)),
            }
            text = redact(json_text(line, ensure_ascii=False, default=str))
            file.write(f"{text}\n".encode())


def _without_bytes(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_bytes(v) for k, v in value.items() if not isinstance(v, bytes)}
    if isinstance(value, list):
        return [_without_bytes(each) for each in value if not isinstance(each, bytes)]
    return value


def _with_base64(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _with_base64(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_with_base64(each) for each in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that is not there yet; what could not be finished is removed."""
    if path == STDOUT:
        yield sys.stdout.buffer
        return
    try:
        with path.open("xb") as file:
            try:
                yield file
            except BaseException:
                path.unlink()
                raise
    except FileExistsError as error:
        raise GreenroomError(f"{path} is there already: choose another with -o") from error
    except OSError as error:
        raise GreenroomError(f"cannot write {path}: {error.strerror}") from error
