"""Turn detection errors, against the labels of the recording. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from actors.recordings.evaluation.recordings import Interval, ReferenceLabels

LEAST_OVERLAP_S = 0.1
"""A turn that touches a reference by less has nothing of it: half a syllable."""
CUT_S = 0.3
"""A turn that ends so long before the end that was labelled lacks a short word."""


@dataclass(frozen=True)
class TurnErrors:
    """How the turns that were found differ from those that are there.

    Attributes:
        expected: Turns that are there.
        missed: Of these, those of which nothing was found.
        false: Turns found where nobody speaks.
        cut: Turns that ended while somebody spoke: another follows in the same reference, or the
            reference, if its end is known, ends more than `CUT_S` later.
        joined: References found too few: a turn that holds n of them has joined n - 1.
        lost_s: Time of the references that is in no turn; None where only their number is known.
        ended_by: For each reference the index of the turn in which it ends; None if it is missed
            or cut short.
    """

    expected: int
    missed: int
    false: int
    cut: int
    joined: int
    lost_s: float | None
    ended_by: tuple[int | None, ...]


def expected_turns(reference: ReferenceLabels, duration_s: float) -> tuple[Interval, ...]:
    """Return the turns that are in a recording, as far as that is known.

    Without labels a recording is taken for one turn, somewhere in it; or for none, if its
    transcript is empty.
    """
    if reference.turns is not None:
        return reference.turns
    return () if reference.words == "" else (Interval(0.0, duration_s),)


def turn_errors(
    found: Sequence[Interval], reference: ReferenceLabels, duration_s: float
) -> TurnErrors:
    """Compare the turns that were found with those that are there.

    Args:
        found: In order.
        reference: What is known.
        duration_s: Of the recording.
    """
    expected = expected_turns(reference, duration_s)
    pieces = [[n for n, turn in enumerate(found) if _meet(turn, there)] for there in expected]
    references = [sum(_meet(turn, there) for there in expected) for turn in found]
    lost_s = None
    ended_by = [each[-1] if each else None for each in pieces]
    if reference.turns is not None:
        ended_by = [
            last if last is not None and found[last].end_s >= there.end_s - CUT_S else None
            for last, there in zip(ended_by, expected, strict=True)
        ]
        covered = sum(turn.overlap_s(there) for there in expected for turn in found)
        lost_s = sum(there.end_s - there.start_s for there in expected) - covered
    return TurnErrors(
        expected=len(expected),
        missed=sum(not each for each in pieces),
        false=sum(not each for each in references),
        cut=sum(
            len(each) - (last is not None) for each, last in zip(pieces, ended_by, strict=True)
        ),
        joined=sum(max(0, each - 1) for each in references),
        lost_s=lost_s,
        ended_by=tuple(ended_by),
    )


def errors_by_number(found: int, reference: ReferenceLabels, duration_s: float) -> TurnErrors:
    """Compare the number of turns with that of those that are there, where no more is known.

    What is too many counts as cut where somebody speaks, and as false where nobody does.
    """
    expected = len(expected_turns(reference, duration_s))
    surplus = max(0, found - expected)
    return TurnErrors(
        expected=expected,
        missed=max(0, expected - found),
        false=0 if expected else surplus,
        cut=surplus if expected else 0,
        joined=0,
        lost_s=None,
        ended_by=(None,) * expected,
    )


def _meet(turn: Interval, there: Interval) -> bool:
    least_s = min(LEAST_OVERLAP_S, there.end_s - there.start_s)
    return turn.overlap_s(there) >= least_s
