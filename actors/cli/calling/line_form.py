"""How the sound of a telephone line is written, and how it becomes samples."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from actors.lib.audio.g711 import decode, encode, mulaw_codes, mulaw_levels
from actors.lib.audio.pcm import SAMPLE_BYTES, Samples, to_pcm, to_samples

BLOCK_S = 0.02
"""Every telephone network sends so much at a time (RFC 3551, section 4.2: the default)."""


class Coding(StrEnum):
    """Of samples as bytes."""

    MULAW = "mu-law"
    PCM16 = "PCM16"
    """Signed, 16 bits, little-endian."""


@dataclass(frozen=True)
class LineForm:
    """Of the sound of a line, mono, the same in both directions."""

    coding: Coding
    rate_hz: int

    @property
    def sample_bytes(self) -> int:
        """Bytes of a sample."""
        return 1 if self.coding is Coding.MULAW else SAMPLE_BYTES

    @property
    def block_samples(self) -> int:
        """Samples that come at a time."""
        return round(self.rate_hz * BLOCK_S)

    @property
    def block_bytes(self) -> int:
        """Bytes that come at a time."""
        return self.block_samples * self.sample_bytes

    def encode(self, samples: Samples) -> bytes:
        """Return samples as the bytes of the line."""
        if self.coding is Coding.PCM16:
            return to_pcm(samples)
        return encode(samples, mulaw_codes())

    def decode(self, payload: bytes) -> Samples:
        """Return the samples of whole bytes of the line."""
        if self.coding is Coding.PCM16:
            return to_samples(payload)
        return decode(payload, mulaw_levels())
