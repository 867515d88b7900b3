"""Scores of a cell, and totals of a variant. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from actors.recordings.evaluation.boundaries import TurnErrors, errors_by_number, turn_errors
from actors.recordings.evaluation.cells import Cell
from actors.recordings.evaluation.observation import Observed
from actors.recordings.evaluation.recordings import Interval
from actors.recordings.evaluation.words import WordErrors, word_errors

NOT_ENDED = "end_of_stream"
"""Reason of a turn whose end nobody noticed before there was no more sound."""


@dataclass(frozen=True)
class Score:
    """One cell.

    Attributes:
        cell: Which.
        observed: What happened.
        turns: Errors of the turn detection.
        not_ended: Turns that the end of the sound had to end.
        words: Word errors; None without a transcript.
        first_sound_ms: Of each answer: from the last sample that was taken for speech to the first
            sound.
        response_ms: Of each turn in the labels that was not cut short: from its true end to the
            first sound.
    """

    cell: Cell
    observed: Observed
    turns: TurnErrors
    not_ended: int
    words: WordErrors | None
    first_sound_ms: tuple[float, ...]
    response_ms: tuple[float, ...]

    @property
    def outcomes(self) -> Counter[str]:
        """How many turns ended how."""
        return Counter(turn.outcome for turn in self.observed.turns)

    @property
    def said(self) -> str:
        """All that was understood."""
        return " ".join(turn.said for turn in self.observed.turns if turn.said)


def score(cell: Cell, observed: Observed) -> Score:
    """Compare what happened in a cell with what is known of its recording."""
    reference, length_s = cell.recording.reference, cell.length_s
    found = [
        Interval(turn.start_s, turn.end_s if turn.end_s is not None else turn.start_s)
        for turn in observed.turns
        if turn.start_s is not None
    ]
    if len(found) == len(observed.turns):
        turns = turn_errors(found, reference, length_s)
    else:
        turns = errors_by_number(len(observed.turns), reference, length_s)
    said = " ".join(turn.said for turn in observed.turns)
    sounds = (turn.first_sound_ms for turn in observed.turns)
    return Score(
        cell=cell,
        observed=observed,
        turns=turns,
        not_ended=sum(turn.end_reason == NOT_ENDED for turn in observed.turns),
        words=None if reference.words is None else word_errors(reference.words, said),
        first_sound_ms=tuple(each for each in sounds if each is not None),
        response_ms=tuple(_responses_ms(observed, turns, reference.turns or ())),
    )


def _responses_ms(
    observed: Observed, turns: TurnErrors, references: Sequence[Interval]
) -> Iterable[float]:
    for there, last in zip(references, turns.ended_by, strict=False):
        heard_s = observed.turns[last].heard_s if last is not None else None
        if heard_s is not None:
            yield (heard_s - there.end_s) * 1000


@dataclass(frozen=True)
class Total:
    """All cells of one variant with one noise.

    Attributes:
        name: Of the variant and the noise.
        scores: Of the cells.
    """

    name: str
    scores: tuple[Score, ...]

    def count(self, error: str) -> int:
        """Sum of a number of `TurnErrors`."""
        return sum(getattr(each.turns, error) for each in self.scores)

    @property
    def not_ended(self) -> int:
        """Turns whose end was not noticed."""
        return sum(each.not_ended for each in self.scores)

    @property
    def found(self) -> int:
        """Turns that were found."""
        return sum(len(each.observed.turns) for each in self.scores)

    @property
    def answered(self) -> int:
        """Turns that were answered, and not interrupted."""
        return sum(each.outcomes["answered"] for each in self.scores)

    @property
    def words(self) -> WordErrors | None:
        """Word errors of those that have a transcript; None if none has."""
        known = [each.words for each in self.scores if each.words is not None]
        return WordErrors(*map(sum, zip(*known, strict=True))) if known else None

    @property
    def first_sound_ms(self) -> list[float]:
        """Of all answers."""
        return [ms for each in self.scores for ms in each.first_sound_ms]

    @property
    def response_ms(self) -> list[float]:
        """Of all turns in labels that were answered."""
        return [ms for each in self.scores for ms in each.response_ms]

    @property
    def money(self) -> float | None:
        """What all of them cost; None if one did not count."""
        known = [each.observed.money for each in self.scores if each.observed.money is not None]
        return sum(known) if len(known) == len(self.scores) else None

    @property
    def currency(self) -> str:
        """Of the money."""
        return next((each.observed.currency for each in self.scores), "")


def totals(scores: Iterable[Score]) -> list[Total]:
    """Put together the cells of each variant and noise, in order."""
    groups: dict[str, list[Score]] = {}
    for each in scores:
        groups.setdefault(each.cell.group, []).append(each)
    return [Total(name, tuple(members)) for name, members in groups.items()]


def rate(words: WordErrors | None) -> float | None:
    """Return word errors by words said; None where nothing was said."""
    return words.errors / words.reference if words and words.reference else None


def middle(values: Sequence[float]) -> float | None:
    """Return the median; None of nothing."""
    return median(values) if values else None
