"""Any media file with sound in it, as 16 kHz mono samples, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from actors.lib.audio.container_sound import container_sound, reason
from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples
from actors.lib.audio.plain_wav import find_plain_wav, read_plain_wav
from actors.lib.media_files import is_companion, require_file
from pipeline.errors import DeviceError

ADVICE = "use a file that ffmpeg plays, such as WAV, FLAC, MP3 or Ogg"


def require_sound(path: Path) -> None:
    """Check that `path` can be played, as far as its first samples.

    Raises:
        DeviceError: there is no such file, it cannot be read, or it holds no sound.
    """
    next(decode(path))


def decode(
    path: Path, rate_hz: int = SPEECH_RATE_HZ, on_damage: Callable[[str], None] | None = None
) -> Iterator[Samples]:
    """Yield the sound of a file in pieces of at most a few tenths of a second.

    Rate and channels may change on the way. Of several channels those that carry something are
    mixed.

    Args:
        path: Anything FFmpeg reads.
        rate_hz: Rate of the samples.
        on_damage: Told of each piece that cannot be decoded and is left out.

    Raises:
        DeviceError: there is no such file, it cannot be read, or it holds no sound.
    """
    require_file(path, "sound file")
    plain = find_plain_wav(path, rate_hz)
    pieces = (
        _by_ffmpeg(path, rate_hz, on_damage or _ignore)
        if plain is None
        else read_plain_wav(path, plain)
    )
    anything = False
    for piece in pieces:
        if len(piece):
            anything = True
            yield piece
    if not anything:
        raise DeviceError(f"{path} holds no sound: there is not one sample in it")


def _by_ffmpeg(path: Path, rate_hz: int, on_damage: Callable[[str], None]) -> Iterator[Samples]:
    with _opened(path) as (container, stream):
        yield from container_sound(
            container, stream, rate_hz, lambda problem: on_damage(f"{path}: {problem}")
        )


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Any]]:
    import av

    if not path.stat().st_size:
        raise DeviceError(f"{path} cannot be read as sound (it is empty): {ADVICE}")
    try:
        # Titles and names in any encoding: nobody looks at them.
        container = av.open(str(path), metadata_errors="ignore")
    except Exception as error:
        advice = ADVICE
        if is_companion(path.name):
            advice = "a name that begins with a dot is beside the file proper, as `._` of macOS is"
        raise DeviceError(f"{path} cannot be read as sound ({reason(error)}): {advice}") from error
    with container:
        stream = container.streams.best("audio")
        if stream is None:
            raise DeviceError(f"{path} holds no sound")
        if stream.codec_context is None:
            raise DeviceError(f"{path} is in a format for which FFmpeg has no decoder: {ADVICE}")
        yield container, stream


def _ignore(problem: str) -> None:
    """Damage that nobody wants to hear of."""
