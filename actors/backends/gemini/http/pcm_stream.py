"""Samples from what Gemini TTS sends: raw ones, or a WAV file in pieces."""

from __future__ import annotations

import struct
from enum import Enum, auto

from actors.backends.gemini.live.events import rate_hz_of
from actors.backends.realtime.events import DEFAULT_RATE_HZ
from actors.backends.turnwise.request import AnswerFailedError, Sound
from pipeline.frames.media import GREATEST_RATE_HZ, LEAST_RATE_HZ

RIFF_HEADER = 12
"""Bytes of `RIFF`, size and `WAVE`."""
CHUNK_HEADER = 8
"""Bytes of a name and a size."""
UNKNOWN_SIZE = 0xFFFFFFFF
"""Of a data chunk whose length was not known when its header was written."""


class Form(Enum):
    """What the bytes are."""

    UNKNOWN = auto()
    RAW = auto()
    HEADER = auto()
    """Of a WAV file, not yet complete."""
    WAV = auto()


class PcmStream:
    """Takes bytes as they come, gives PCM16 mono."""

    def __init__(self) -> None:
        self._form = Form.UNKNOWN
        self._rate_hz = DEFAULT_RATE_HZ
        self._held = b""
        self._left = UNKNOWN_SIZE

    def feed(self, data: bytes, mime_type: str) -> Sound | None:
        """Return the samples in `data`; None if there are none yet.

        Raises:
            AnswerFailedError: a WAV file that is not PCM16 mono, or of a rate that no sound has.
        """
        self._held += data
        if self._form is Form.UNKNOWN and len(self._held) >= CHUNK_HEADER:
            self._form = Form.HEADER if self._held.startswith(b"RIFF") else Form.RAW
            self._rate_hz = rate_hz_of(mime_type)
        if self._form is Form.HEADER:
            self._read_header()
        if self._form not in (Form.RAW, Form.WAV):
            return None
        whole = min(len(self._held), self._left) // 2 * 2
        pcm, self._held = self._held[:whole], self._held[whole:]
        if self._form is Form.WAV and self._left != UNKNOWN_SIZE:
            self._left -= whole
        return Sound(pcm, self._rate_hz) if pcm else None

    def _read_header(self) -> None:
        at = RIFF_HEADER
        while at + CHUNK_HEADER <= len(self._held):
            name, size = struct.unpack_from("<4sI", self._held, at)
            body = at + CHUNK_HEADER
            if name == b"data":
                self._left = size
                self._held = self._held[body:]
                self._form = Form.WAV
                return
            if name == b"fmt " and body + 16 <= len(self._held):
                channels, self._rate_hz, bits = struct.unpack_from("<2xHI6xH", self._held, body)
                if (channels, bits) != (1, 16):
                    raise AnswerFailedError(
                        f"the voice has {channels} channels of {bits} bits, not one of 16"
                    )
                if not LEAST_RATE_HZ <= self._rate_hz <= GREATEST_RATE_HZ:
                    raise AnswerFailedError(f"the voice has {self._rate_hz} samples a second")
            at = body + size + size % 2
