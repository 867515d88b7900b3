"""How much sound to have before starting to play."""

from __future__ import annotations

LIMIT_MS = 400.0
"""Most that is held back: a pause of half a second is felt as no answer."""
CALM_S = 10.0
"""Heard without a gap, this much earns a smaller buffer: an answer or two."""
GROWTH = 2.0
SHRINKAGE = 0.75
"""Grown at once and shrunk slowly, so that a bad minute of network costs one gap and not ten."""
FLOOR_MS = 10.0
"""What a buffer of nothing grows from: one device block."""


class Prebuffer:
    """More after an underrun, slowly less again, never less than at the start."""

    def __init__(self, start_ms: float) -> None:
        self.target_ms = start_ms
        self._start_ms = start_ms
        self._calm_s = 0.0

    def underrun(self) -> None:
        """A gap was heard."""
        self._calm_s = 0.0
        grown_ms = min(max(self.target_ms * GROWTH, FLOOR_MS), LIMIT_MS)
        self.target_ms = max(self.target_ms, grown_ms)

    def on_played(self, seconds: float) -> None:
        """So much was heard without a gap."""
        self._calm_s += seconds
        if self._calm_s >= CALM_S:
            self._calm_s = 0.0
            self.target_ms = max(self._start_ms, self.target_ms * SHRINKAGE)
