"""How long to wait in a pause, by how complete the sentence before it sounds. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PauseLimits:
    """How long to wait in a pause, by how likely it is that the sentence is complete; in samples.

    Attributes:
        ask: Silence after which it is asked whether the sentence is complete.
        complete: Silence that ends the turn if it is.
        incomplete: Silence that ends it if it is not. If that is open, it is half-way between.
        surely: Probability from which it is taken for complete.
        hardly: Probability below which it is taken for incomplete.
    """

    ask: int
    complete: int
    incomplete: int
    surely: float
    hardly: float

    def patience(self, complete: float) -> int:
        """Return how long to wait where a sentence is complete with this probability."""
        if complete >= self.surely:
            return self.complete
        if complete < self.hardly:
            return self.incomplete
        return (self.complete + self.incomplete) // 2
