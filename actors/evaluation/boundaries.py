"""Errors of the turn detection, against what is known of the recording. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from actors.evaluation.recordings import Interval, Reference

LEAST_OVERLAP_S = 0.1
"""A turn that touches a reference by less has nothing of it: half a syllable."""


@dataclass(frozen=True)
class TurnErrors:
    """How the turns that were found differ from those that are there.

    Attributes:
        expected: Turns that are there.
        missed: Of these, those of which nothing was found.
        false: Turns found where nobody speaks.
        cut: Turns found too many where somebody speaks: a reference in n pieces is cut n - 1 times.
        joined: References found too few: a turn that holds n of them has joined n - 1.
        lost_s: Time of the references that is in no turn; None where only their number is known.
        last_by_reference: For each reference the index of the turn in which it ends, if found.
    """

    expected: int
    missed: int
    false: int
    cut: int
    joined: int
    lost_s: float | None
    last_by_reference: tuple[int | None, ...]


def expected_turns(reference: Reference, duration_s: float) -> tuple[Interval, ...]:
    """Return the turns that are in a recording, as far as that is known.

    Without labels a recording is taken for one turn, somewhere in it; or for none, if its
    transcript is empty.
    """
    if reference.turns is not None:
        return reference.turns
    return () if reference.words == "" else (Interval(0.0, duration_s),)


def turn_errors(found: Sequence[Interval], reference: Reference, duration_s: float) -> TurnErrors:
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
    if reference.turns is not None:
        covered = sum(turn.overlap_s(there) for there in expected for turn in found)
        lost_s = sum(there.end_s - there.start_s for there in expected) - covered
    return TurnErrors(
        expected=len(expected),
        missed=sum(not each for each in pieces),
        false=sum(not each for each in references),
        cut=sum(max(0, len(each) - 1) for each in pieces),
        joined=sum(max(0, each - 1) for each in references),
        lost_s=lost_s,
        last_by_reference=tuple(each[-1] if each else None for each in pieces),
    )


def errors_by_number(found: int, reference: Reference, duration_s: float) -> TurnErrors:
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
        last_by_reference=(None,) * expected,
    )


def _meet(turn: Interval, there: Interval) -> bool:
    least_s = min(LEAST_OVERLAP_S, there.end_s - there.start_s)
    return turn.overlap_s(there) >= least_s
