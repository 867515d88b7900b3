"""What comes inline with a request: sound, a picture, texts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from actors.backends.gemini.wire import invalid
from actors.backends.gemini.wire.contents import Part
from actors.backends.gemini.wire.http_error import no_file
from actors.backends.gemini.wire.media import BAD_PICTURE, Attachment, data_of, read_data
from actors.gateway.errors import TooLargeError, UnreadablePictureError
from actors.gateway.pictures import fitted
from actors.inputs.camera.encoder import Encoded
from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples, to_samples
from actors.lib.audio.resample import Resampler

UNSENDABLE = ("executableCode", "codeExecutionResult", "toolCall", "toolResponse")
"""Parts that only tools of the service make."""


@dataclass
class Attached:
    """What came inline, decoded.

    Attributes:
        sounds: At 16 kHz.
        picture: As a camera would give it.
        texts: Documents without markup.
        tokens: By modality.
    """

    sounds: list[Samples] = field(default_factory=list)
    picture: Encoded | None = None
    texts: list[str] = field(default_factory=list)
    tokens: Counter[str] = field(default_factory=Counter)

    @property
    def sound(self) -> Samples:
        """All sound, one after the other."""
        return np.concatenate(self.sounds) if self.sounds else np.empty(0, np.int16)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return sum(map(len, self.sounds)) / SPEECH_RATE_HZ


def take_part(part: Part, attached: Attached, longest_s: float) -> None:
    """Decode a part that is no text, and keep it with the others; takes a while.

    Raises:
        Invalid, HttpError: it cannot be had, in the service's words.
        TooLargeError: sound is longer than is taken.
    """
    if "fileData" in part:
        name = str(part["fileData"].get("fileUri", "")).rpartition("/")[2]
        raise no_file(name)
    for name in UNSENDABLE:
        if name in part:
            raise invalid(f"Unsupported part: {name}")
    if "inlineData" not in part:
        return
    data, mime_type = data_of(part["inlineData"])
    read = read_data(data, mime_type)
    attached.tokens.update(read.tokens)
    match read.kind:
        case "audio":
            attached.sounds.append(_at_speech_rate(read))
            if attached.seconds > longest_s:
                raise TooLargeError(f"sound is longer than {longest_s:g} s: send it in parts")
        case "image" if attached.picture is None:
            attached.picture = _picture(data)
        case "image":
            raise invalid("The number of images in the request exceeds the limit of 1.")
        case "document" if read.tokens["TEXT"]:
            attached.texts.append(data.decode(errors="replace"))
        case _:
            raise invalid(f"Unsupported MIME type: {mime_type}")


def _at_speech_rate(read: Attachment) -> Samples:
    resampler = Resampler(read.rate_hz, SPEECH_RATE_HZ)
    return resampler.process(to_samples(read.pcm), last=True)


def _picture(data: bytes) -> Encoded:
    try:
        return fitted(data)
    except UnreadablePictureError:
        raise invalid(BAD_PICTURE) from None
