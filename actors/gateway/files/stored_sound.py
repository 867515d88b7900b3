"""The sound of a file that is all there, from memory."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import numpy as np

from actors.gateway.errors import TooLargeError, UnreadableSoundError
from actors.lib.audio.container_sound import SOUND_FORMATS, container_sound, reason
from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples

ADVICE = "send a sound file that ffmpeg plays, such as WAV, FLAC, MP3, M4A, Ogg or WebM"


def decode_stored(data: bytes, longest_s: float, on_damage: Callable[[str], None]) -> Samples:
    """Return the sound of a file as samples at 16 kHz; takes a second for an hour of MP3.

    Args:
        data: The whole file.
        longest_s: How much sound is taken.
        on_damage: Told of each piece that is damaged and left out.

    Raises:
        UnreadableSoundError: it is no sound file, or there is no sound in it.
        TooLargeError: it is longer.
    """
    most_samples = int(longest_s * SPEECH_RATE_HZ)
    pieces: list[Samples] = []
    count = 0
    for piece in _pieces(data, on_damage):
        pieces.append(piece)
        count += len(piece)
        if count > most_samples:
            raise TooLargeError(f"the file is longer than {longest_s:g} s: send it in parts")
    if not count:
        raise UnreadableSoundError(f"there is no sound in the file: {ADVICE}")
    return np.concatenate(pieces)


def _pieces(data: bytes, on_damage: Callable[[str], None]) -> Iterator[Samples]:
    import av

    try:
        container = av.open(
            io.BytesIO(data), options={"format_whitelist": SOUND_FORMATS}, metadata_errors="ignore"
        )
    except Exception as error:
        problem = f"the file cannot be read ({reason(error)}): {ADVICE}"
        raise UnreadableSoundError(problem) from error
    with container:
        stream = container.streams.best("audio")
        if stream is None or stream.codec_context is None:
            raise UnreadableSoundError(f"there is no sound in the file: {ADVICE}")
        yield from container_sound(container, stream, SPEECH_RATE_HZ, on_damage)
