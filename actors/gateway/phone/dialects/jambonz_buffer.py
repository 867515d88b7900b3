"""Where mod_audio_fork keeps what it is sent: https://github.com/jambonz/freeswitch-modules ."""

from __future__ import annotations

from array import array

MARKER = 0xFFFF - 0x10000
"""A sample of this value stands for a mark in its buffer (`AUDIO_MARKER` of mod_audio_fork)."""
PREBUFFER_MS = 160.0
"""Sound that it collects before it plays any (`streamingPreBufSize` of mod_audio_fork)."""


def without_markers(payload: bytes) -> bytes:
    """Return samples of which none is taken for a mark: one level lower is not heard."""
    if b"\xff\xff" not in payload:
        return payload
    samples = array("h", payload)
    return array("h", [each - 1 if each == MARKER else each for each in samples]).tobytes()
