"""The sound of a file that FFmpeg has opened, piece by piece; damage is left out and told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from actors.lib.audio.pcm import Samples
from actors.lib.audio.sound_frames import FrameConverter

SOUND_FORMATS = (
    "aac,ac3,aiff,amr,asf,ape,au,avi,caf,dts,eac3,flac,flv,gsm,loas,matroska,webm,mov,mp4,m4a,3gp,"
    "mp3,mpeg,mpegts,ogg,opus,rm,tta,voc,w64,wav,wv"
)
"""What holds sound. Play lists, which FFmpeg would read too, name files of this machine and of the
network, and are not opened for strangers."""


def container_sound(
    container: Any, stream: Any, rate_hz: int, on_damage: Callable[[str], None]
) -> Iterator[Samples]:
    """Yield the sound of one stream; rate and channels may change on the way.

    Args:
        container: As `av.open` returns it.
        stream: The one of its streams that is heard.
        rate_hz: Rate of the samples.
        on_damage: Told of each piece that cannot be decoded, in words.
    """
    converter = FrameConverter(rate_hz)
    # One file at the pace of a conversation: decoder threads would be idle and cost memory.
    stream.codec_context.thread_count = 1
    for packet in _packets(container, stream, on_damage):
        try:
            for frame in packet.decode():
                yield from converter.convert(frame)
        except Exception as error:  # noqa: BLE001 - PyAV raises many kinds for damage
            on_damage(reason(error))
    yield converter.finish()


def reason(error: BaseException) -> str:
    """Return what FFmpeg says is wrong."""
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


def _packets(container: Any, stream: Any, on_damage: Callable[[str], None]) -> Iterator[Any]:
    try:
        yield from container.demux(stream)
    except Exception as error:  # noqa: BLE001 - the same
        on_damage(f"nothing can be read from here on: {reason(error)}")
