"""Any media file with sound in it, as 16 kHz mono samples, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples
from actors.lib.audio.plain_wav import is_plain_wav, read_plain_wav
from pipeline.errors import DeviceError, did_you_mean


def require_file(path: Path, what: str) -> None:
    """Check that `path` is a file.

    Raises:
        DeviceError: it is not; the message names what is near it.
    """
    if path.is_file():
        return
    if path.is_dir():
        raise DeviceError(f"{what} {path} is a folder: name a file in it")
    if not path.parent.is_dir():
        raise DeviceError(f"no {what} {path}: there is no folder {path.parent}")
    here = (each.name for each in path.parent.iterdir() if each.is_file())
    raise DeviceError(f"no {what} {path}: {did_you_mean(path.name, here)}")


def require_sound(path: Path) -> None:
    """Check that `path` can be played.

    Raises:
        DeviceError: there is no such file, it cannot be read, or it holds no sound.
    """
    require_file(path, "sound file")
    if not is_plain_wav(path):
        with _opened(path):
            pass


def decode(
    path: Path, rate_hz: int = SPEECH_RATE_HZ, on_damage: Callable[[str], None] | None = None
) -> Iterator[Samples]:
    """Yield the sound of a file in pieces of at most a few tenths of a second.

    Args:
        path: Anything FFmpeg reads.
        rate_hz: Rate of the samples.
        on_damage: Told of each piece that cannot be decoded and is left out.

    Raises:
        DeviceError: there is no such file, it cannot be read, or it holds no sound.
    """
    if is_plain_wav(path, rate_hz):
        yield from read_plain_wav(path)
        return

    from av import AudioResampler
    from av.error import FFmpegError

    with _opened(path) as container:
        stream = container.streams.audio[0]
        # One file at the pace of a conversation: decoder threads would be idle and cost memory.
        stream.codec_context.thread_count = 1
        resampler = AudioResampler("s16", "mono", rate_hz)
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except FFmpegError as error:
                if on_damage is not None:
                    on_damage(f"{path}: {error.strerror}")
                continue
            for frame in frames:
                for piece in resampler.resample(frame):
                    yield _samples(piece)
        for piece in resampler.resample(None):
            yield _samples(piece)


def _samples(frame: Any) -> Samples:
    samples: Samples = frame.to_ndarray().reshape(-1)
    return samples


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import av
    from av.error import FFmpegError

    require_file(path, "sound file")
    try:
        container = av.open(str(path))
    except FFmpegError as error:
        raise DeviceError(
            f"{path} cannot be read as sound ({error.strerror}): "
            "use a file that ffmpeg plays, such as WAV, FLAC, MP3 or Ogg"
        ) from error
    with container:
        if not container.streams.audio:
            raise DeviceError(f"{path} holds no sound")
        yield container
