"""Sound and pictures on their way in."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from pipeline.frames.base import Frame, assemble


def _whole_samples(pcm: bytes) -> bytes:
    if len(pcm) % 2:
        raise ValueError("an odd number of bytes are no 16-bit samples")
    return pcm


Pcm = Annotated[bytes, AfterValidator(_whole_samples)]
"""Signed 16-bit little-endian mono samples."""


LEAST_RATE_HZ, GREATEST_RATE_HZ = 4_000, 768_000
"""Half of what telephones have, four times what studios have: anything else is a slip, and a
resampler makes gigabytes of it."""
GREATEST_POSITION = 2**53
"""The largest integer that JavaScript and JSON hold for certain: 18,000 years of sound."""
MOST_PIXELS = 65_535
"""Width and height that a JPEG can have."""


class Audio(Frame):
    """A block of mono sound; `origin_ns` is the capture time of its last sample."""

    type_name: ClassVar[str] = "audio"

    position: int = Field(
        ge=0, le=GREATEST_POSITION, description="Index of the first sample in the stream."
    )
    rate_hz: int = Field(
        16_000, ge=LEAST_RATE_HZ, le=GREATEST_RATE_HZ, description="Samples per second."
    )
    pcm: Pcm = Field(description="Signed 16-bit little-endian mono samples.")
    final: bool = Field(False, description="The stream ends with this block.")

    @classmethod
    def block(
        cls, session: str, origin_ns: int, position: int, pcm: bytes, *, final: bool = False
    ) -> Audio:
        """Return a block at 16 kHz of what is known to be right, in half of the time.

        Nothing is looked at, as `Audio(...)` does: for those that make one every 20 ms.
        """
        fields = {
            "session": session,
            "origin_ns": origin_ns,
            "seq": 0,
            "boot": 0,
            "sent_ns": 0,
            "position": position,
            "rate_hz": 16_000,
            "pcm": pcm,
            "final": final,
        }
        return assemble(cls, fields, AUDIO_FIELDS)

    @property
    def samples(self) -> int:
        """Number of samples in the block."""
        return len(self.pcm) // 2


AUDIO_FIELDS = set(Audio.model_fields)


class Image(Frame):
    """One picture; `origin_ns` is its capture time."""

    type_name: ClassVar[str] = "image"

    jpeg: bytes = Field(description="JPEG file contents.")
    width: int = Field(gt=0, le=MOST_PIXELS, description="Pixels.")
    height: int = Field(gt=0, le=MOST_PIXELS, description="Pixels.")
