"""The sound of a file that is all there, from memory."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np

from actors.gateway.errors import TooLargeError, UnreadableSoundError
from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples
from actors.lib.audio.sound_frames import FrameConverter

FORMATS = (
    "aac,ac3,aiff,amr,asf,ape,au,avi,caf,dts,eac3,flac,flv,gsm,loas,matroska,webm,mov,mp4,m4a,3gp,"
    "mp3,mpeg,mpegts,ogg,opus,rm,tta,voc,w64,wav,wv"
)
"""What holds sound. Play lists, which FFmpeg would read too, name files of this machine and of the
network, and are not opened for strangers."""
ADVICE = "send a sound file that ffmpeg plays, such as WAV, FLAC, MP3, M4A, Ogg or WebM"


def decode_stored(data: bytes, longest_s: float) -> Samples:
    """Return the sound of a file as samples at 16 kHz; takes a second for an hour of MP3.

    What is damaged within it is left out.

    Args:
        data: The whole file.
        longest_s: How much sound is taken.

    Raises:
        UnreadableSoundError: it is no sound file, or there is no sound in it.
        TooLargeError: it is longer.
    """
    most_samples = int(longest_s * SPEECH_RATE_HZ)
    pieces: list[Samples] = []
    count = 0
    for piece in _pieces(data):
        pieces.append(piece)
        count += len(piece)
        if count > most_samples:
            raise TooLargeError(f"the file is longer than {longest_s:g} s: send it in parts")
    if not count:
        raise UnreadableSoundError(f"there is no sound in the file: {ADVICE}")
    return np.concatenate(pieces)


def _pieces(data: bytes) -> Iterator[Samples]:
    import av

    try:
        container = av.open(
            io.BytesIO(data), options={"format_whitelist": FORMATS}, metadata_errors="ignore"
        )
    except Exception as error:
        raise UnreadableSoundError(
            f"the file cannot be read ({_reason(error)}): {ADVICE}"
        ) from error
    with container:
        stream = container.streams.best("audio")
        if stream is None or stream.codec_context is None:
            raise UnreadableSoundError(f"there is no sound in the file: {ADVICE}")
        stream.codec_context.thread_count = 1
        converter = FrameConverter(SPEECH_RATE_HZ)
        for packet in _packets(container, stream):
            try:
                for frame in packet.decode():
                    yield from converter.convert(frame)
            except Exception:  # noqa: BLE001 - PyAV raises many kinds for damage
                continue
        yield converter.finish()


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    try:
        yield from container.demux(stream)
    except Exception:  # noqa: BLE001 - the same; what came before is heard
        return


def _reason(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
