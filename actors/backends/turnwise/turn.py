"""One turn as a turn-based backend knows it: what the user gave, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from actors.backends.turn_kind import TurnKind


class TurnStage(Enum):
    """How far a turn is."""

    SPEAKING = auto()
    COMPLETE = auto()
    ANSWERING = auto()


@dataclass(frozen=True, slots=True)
class Material:
    """What the user gave: `spans` of samples of the microphone, and lines of text.

    Attributes:
        turns: Names of the turns it comes from.
    """

    spans: tuple[tuple[int, int], ...] = ()
    lines: tuple[str, ...] = ()
    turns: tuple[str, ...] = ()

    @property
    def samples(self) -> int:
        """Length of the sound."""
        return sum(end - start for start, end in self.spans)

    def __add__(self, other: Material) -> Material:
        return Material(
            self.spans + other.spans, self.lines + other.lines, self.turns + other.turns
        )


@dataclass
class WholeTurn:
    """State of one turn.

    Attributes:
        own: What was said in it; of speech in progress, nothing.
        lead: What was said before it and never answered.
        sounded: There was some of an answer.
        called: A tool was called for it, and not called off.
    """

    name: str
    kind: TurnKind = TurnKind.SPOKEN
    start: int | None = None
    own: Material = Material()
    lead: Material = Material()
    stage: TurnStage = TurnStage.SPEAKING
    sounded: bool = False
    called: bool = False

    def oldest_sample(self) -> int | None:
        """First sample that an answer needs."""
        starts = [start for start, _ in self.lead.spans]
        starts += [] if self.start is None else [self.start]
        return min(starts, default=None)
