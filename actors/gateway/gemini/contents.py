"""Contents and blobs of the Gemini protocol, which its reader has read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actors.backends.gemini.wire import Invalid, decode_base64, invalid_value, mime_type_and_rate

ASSUMED_RATE_HZ = 16_000
"""Documented: of `audio/pcm` without a rate."""


def blobs_of(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the pictures and sounds within a content."""
    for part in content.get("parts", ()):
        if "inlineData" in part:
            yield part["inlineData"]


def bytes_of(blob: dict[str, Any], field: str) -> tuple[bytes, str, int]:
    """Return the bytes of a blob, their MIME type, and the rate of raw sound in Hz.

    Raises:
        Invalid: they are no base64.
    """
    kind, rate_hz = mime_type_and_rate(blob.get("mimeType", ""))
    try:
        return decode_base64(blob.get("data", "")), kind, rate_hz or ASSUMED_RATE_HZ
    except ValueError as error:
        why = invalid_value(f"{field}.data", "TYPE_BYTES", "Base64 decoding failed")
        raise Invalid([why]) from error
