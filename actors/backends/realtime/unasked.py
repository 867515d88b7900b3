"""Answers that nobody asked for: what they are, and which of them are played. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto

from actors.backends.answer import Publish

ENOUGH_WORDS = 5
"""Which show that the answer before is given once more: two answers of a model begin alike for a
word or three ("Yes, I can"), not for five."""
HOLD_S = 2.0
"""Of sound in which five words are spoken; services send words before their sound or with it."""


class UnaskedRule(StrEnum):
    """Which of them are played."""

    ALL = "all"
    RESULTS = "results"
    """What a function gave after the user had gone on; nothing else."""
    NONE = "none"


class UnaskedKind(StrEnum):
    """Why the service speaks."""

    RESULT = "tells what came of a function"
    ITSELF = "speaks by itself"
    REPEATED = "gives the answer before once more"


class Verdict(Enum):
    """What becomes of one."""

    HELD = auto()
    """Not known yet: it may be the answer before."""
    PLAYED = auto()
    REFUSED = auto()


@dataclass
class UnaskedAnswer:
    """One of them while it is given.

    Attributes:
        kind: Why the service speaks.
        verdict: What becomes of it.
        held: What is published once it is to be played.
    """

    kind: UnaskedKind
    verdict: Verdict = Verdict.HELD
    held: list[Publish] = field(default_factory=list)

    @property
    def is_waited_for(self) -> bool:
        """Whether the user has been told that it would come: nobody else can say it."""
        return self.kind is UnaskedKind.RESULT

    def judge(
        self, rule: UnaskedRule, words: str, sound_s: float, before: str, *, over: bool = False
    ) -> bool:
        """Decide, if that can be done now; return whether it was.

        Args:
            rule: Which are played.
            words: Of the model, so far.
            sound_s: Of its sound, so far.
            before: The words of the last answer that somebody asked for.
            over: There is no more of it.
        """
        if self.verdict is not Verdict.HELD:
            return False
        wanted = rule is UnaskedRule.ALL or (rule is UnaskedRule.RESULTS and self.is_waited_for)
        said, known = _plain(words), _plain(before)
        # So far, it is how the answer before began.
        repeats = bool(known) and known.startswith(said)
        if not wanted:
            self.verdict = Verdict.REFUSED
        elif self.is_waited_for or not repeats:
            self.verdict = Verdict.PLAYED
        elif len(said.split()) >= ENOUGH_WORDS or (over and said == known):
            self.kind, self.verdict = UnaskedKind.REPEATED, Verdict.REFUSED
        elif over or sound_s >= HOLD_S:
            self.verdict = Verdict.PLAYED
        return self.verdict is not Verdict.HELD


def _plain(text: str) -> str:
    """Letters and digits alone: services write the same words now with a comma, now without."""
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())
