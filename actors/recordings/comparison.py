"""Two recordings of a conversation, turn by turn. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from statistics import median
from typing import Any

from actors.recordings.conversation import RecordedTurn

COMPARED = ("said", "answer", "outcome", "by")
STAGES = ("detected", "answered", "first_sound")


class Mark(StrEnum):
    """Where a word stands."""

    BOTH = "both"
    ONLY_A = "only_a"
    ONLY_B = "only_b"


@dataclass(frozen=True)
class Pair:
    """One turn in both recordings; None where it is missing."""

    turn: str
    a: RecordedTurn | None
    b: RecordedTurn | None

    @property
    def differences(self) -> list[str]:
        """What is not the same: of `said`, `answer`, `outcome`, `by`; or `turn` is missing."""
        if self.a is None or self.b is None:
            return ["turn"]
        return [
            name for name in COMPARED if not _same(getattr(self.a, name), getattr(self.b, name))
        ]


@dataclass(frozen=True)
class Comparison:
    """Two recordings; latencies are shown, and no difference by themselves."""

    pairs: list[Pair]

    @property
    def same(self) -> bool:
        """Whether no turn differs."""
        return not any(pair.differences for pair in self.pairs)

    def medians_ms(self) -> dict[str, tuple[float | None, float | None]]:
        """Latency by stage: the median of each recording."""
        return {
            stage: (
                _median([pair.a for pair in self.pairs], stage),
                _median([pair.b for pair in self.pairs], stage),
            )
            for stage in STAGES
        }

    def as_json(self) -> dict[str, Any]:
        """Everything, as plain values."""
        return {
            "same": self.same,
            "turns": [
                {
                    "turn": pair.turn,
                    "differences": pair.differences,
                    "a": asdict(pair.a) if pair.a else None,
                    "b": asdict(pair.b) if pair.b else None,
                }
                for pair in self.pairs
            ],
            "median_latency_ms": {
                stage: {"a": a, "b": b} for stage, (a, b) in self.medians_ms().items()
            },
        }


def compare(a: Mapping[str, RecordedTurn], b: Mapping[str, RecordedTurn]) -> Comparison:
    """Pair the turns of two recordings by id; those that only one has stay where they began."""
    names = list(a)
    before: str | None = None
    for name in b:
        if name not in a:
            names.insert(names.index(before) + 1 if before is not None else 0, name)
        before = name
    return Comparison([Pair(name, a.get(name), b.get(name)) for name in names])


def word_marks(a: str, b: str) -> list[tuple[Mark, str]]:
    """Return the words of both, in reading order, and which side has them."""
    left, right = a.split(), b.split()
    matcher = SequenceMatcher(None, list(map(_bare, left)), list(map(_bare, right)), autojunk=False)
    marks: list[tuple[Mark, str]] = []
    for kind, a_from, a_to, b_from, b_to in matcher.get_opcodes():
        if kind == "equal":
            marks.append((Mark.BOTH, " ".join(left[a_from:a_to])))
            continue
        if a_from < a_to:
            marks.append((Mark.ONLY_A, " ".join(left[a_from:a_to])))
        if b_from < b_to:
            marks.append((Mark.ONLY_B, " ".join(right[b_from:b_to])))
    return marks


def _same(a: str, b: str) -> bool:
    return [_bare(word) for word in a.split()] == [_bare(word) for word in b.split()]


def _bare(word: str) -> str:
    """A word as heard: recognition is free in case and punctuation."""
    return "".join(c for c in word.lower() if c.isalnum()) or word


def _median(turns: list[RecordedTurn | None], stage: str) -> float | None:
    values = [turn.latency_ms[stage] for turn in turns if turn and stage in turn.latency_ms]
    return median(values) if values else None
