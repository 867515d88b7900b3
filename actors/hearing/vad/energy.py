"""Energy-based voice detector: sound well above the noise floor is taken for speech."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

from actors.lib.audio.pcm import Samples, level_dbfs

SPEECH_ABOVE_NOISE_DB = 9.0
"""Level above the noise floor at which the probability is one half: quiet speech across a table
is 10 to 15 dB above the noise of a room."""
SLOPE_DB = 2.0
"""From there the odds grow by e for so many dB."""
FLOOR_MIN_DBFS = -60.0
"""The hiss of a cheap microphone; what is quieter is no background to speak against."""
FLOOR_MAX_DBFS = -30.0
"""Louder than any background one could talk over, so a stream that begins in mid-word recovers."""
RISE_DB_PER_WINDOW = 0.06
"""3 dB/s: a fan switched on is forgotten in seconds, a sentence is not."""
FALL = 0.3
"""Part of the way down to a quieter window: the floor is there in the first pause between words."""


class EnergyEngine:
    """Compares each window with a noise floor that rises slowly and falls fast."""

    window_samples = 320  # 20 ms, one block.

    def __init__(self) -> None:
        self._floor_dbfs: float | None = None

    def reset(self) -> None:
        """Forget the stream so far."""
        self._floor_dbfs = None

    def probability(self, window: Samples) -> float:
        """Return the probability that the next 320 samples are speech."""
        level = level_dbfs(window)
        floor = level if self._floor_dbfs is None else self._floor_dbfs
        floor += FALL * (level - floor) if level < floor else RISE_DB_PER_WINDOW
        self._floor_dbfs = min(max(floor, FLOOR_MIN_DBFS), FLOOR_MAX_DBFS)
        above = level - self._floor_dbfs - SPEECH_ABOVE_NOISE_DB
        return 1.0 / (1.0 + math.exp(-above / SLOPE_DB))

    @staticmethod
    def together(asked: Sequence[tuple[EnergyEngine, Samples]]) -> list[float]:
        """Return the probabilities of the next windows of different streams."""
        return [engine.probability(window) for engine, window in asked]

    def save(self) -> bytes:
        """Return the noise floor."""
        return b"" if self._floor_dbfs is None else struct.pack("<d", self._floor_dbfs)

    def restore(self, saved: bytes) -> None:
        """Go on with the noise floor that was saved."""
        self._floor_dbfs = struct.unpack("<d", saved)[0] if saved else None
