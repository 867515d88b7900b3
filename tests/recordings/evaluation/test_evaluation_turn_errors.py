"""Missed, false, cut, joined: against labels, and against the little that is known without."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.recordings.evaluation.boundaries import errors_by_number, turn_errors
from actors.recordings.evaluation.recordings import Interval, ReferenceLabels

TWO = ReferenceLabels(turns=(Interval(1, 2), Interval(4, 6)))

CASES = {
    "as labelled": ([(0.8, 2.2), (3.8, 6.2)], (0, 0, 0, 0)),
    "nothing": ([], (2, 0, 0, 0)),
    "one missed": ([(3.8, 6.2)], (1, 0, 0, 0)),
    "noise taken for speech": ([(0.8, 2.2), (2.6, 3.2), (3.8, 6.2)], (0, 1, 0, 0)),
    "a pause taken for the end": ([(0.8, 2.2), (3.8, 4.9), (5.1, 6.2)], (0, 0, 1, 0)),
    "cut twice": ([(0.8, 2.2), (3.8, 4.5), (4.6, 5.2), (5.4, 6.2)], (0, 0, 2, 0)),
    "cut short": ([(0.8, 2.2), (3.8, 5.6)], (0, 0, 1, 0)),
    "cut twice, and what follows lost": ([(0.8, 2.2), (3.8, 4.5), (4.8, 5.5)], (0, 0, 2, 0)),
    "ended a little early": ([(0.8, 1.8), (3.8, 5.8)], (0, 0, 0, 0)),
    "the end not noticed": ([(0.8, 6.2)], (0, 0, 0, 1)),
    "hardly touched": ([(0.8, 2.2), (2.9, 4.05)], (1, 1, 0, 0)),
    "missed here, false there": ([(2.3, 3.5)], (2, 1, 0, 0)),
}


@pytest.mark.parametrize(("found", "errors"), CASES.values(), ids=CASES)
def test_turns_are_compared_with_labels(
    found: list[tuple[float, float]], errors: tuple[int, int, int, int]
) -> None:
    got = turn_errors([Interval(*each) for each in found], TWO, 8)
    assert (got.missed, got.false, got.cut, got.joined) == errors
    assert got.expected == 2


def test_speech_in_no_turn_is_lost() -> None:
    got = turn_errors([Interval(1.25, 2.2), Interval(3.8, 5.5)], TWO, 8)
    assert got.lost_s == pytest.approx(0.25 + 0.5)


def test_the_turn_in_which_each_label_ends_is_named_unless_it_is_cut_short() -> None:
    found = [Interval(2.3, 3), Interval(4, 5), Interval(5.2, 6)]
    assert turn_errors(found, TWO, 8).ended_by == (None, 2)
    assert turn_errors([Interval(0.8, 2.2), Interval(4, 5)], TWO, 8).ended_by == (0, None)


def test_without_labels_a_recording_is_one_turn_somewhere_in_it() -> None:
    unknown = ReferenceLabels()
    found = [Interval(-0.9, -0.2), Interval(0.5, 1.5), Interval(2.1, 3), Interval(5.2, 6)]
    got = turn_errors(found, unknown, 5)
    assert (got.expected, got.missed, got.false, got.cut) == (1, 0, 2, 1)
    assert got.lost_s is None
    assert turn_errors([], unknown, 5).missed == 1


def test_where_nothing_is_said_every_turn_is_false() -> None:
    got = turn_errors([Interval(0.5, 1.5), Interval(2, 3)], ReferenceLabels(words=""), 5)
    assert (got.expected, got.missed, got.false, got.cut) == (0, 0, 2, 0)
    assert turn_errors([Interval(0.5, 1.5)], ReferenceLabels(turns=()), 5).false == 1


@pytest.mark.parametrize(
    ("found", "reference", "errors"),
    [
        (1, ReferenceLabels(), (1, 0, 0, 0)),
        (0, ReferenceLabels(), (1, 1, 0, 0)),
        (3, ReferenceLabels(), (1, 0, 0, 2)),
        (1, TWO, (2, 1, 0, 0)),
        (2, ReferenceLabels(words=""), (0, 0, 2, 0)),
    ],
)
def test_turns_without_times_are_only_counted(
    found: int, reference: ReferenceLabels, errors: tuple[int, int, int, int]
) -> None:
    got = errors_by_number(found, reference, 8)
    assert (got.expected, got.missed, got.false, got.cut) == errors


@st.composite
def intervals(draw: st.DrawFn) -> list[Interval]:
    """Some that do not overlap, each long enough to count, in order; in tenths of a second."""
    edges = draw(st.lists(st.integers(0, 200), max_size=16, unique=True))
    pairs = list(zip(*[iter(sorted(edges))] * 2, strict=False))
    return [Interval(start / 10, end / 10) for start, end in pairs if end - start >= 2]


@given(found=intervals(), there=intervals())
def test_the_counts_add_up(found: list[Interval], there: list[Interval]) -> None:
    got = turn_errors(found, ReferenceLabels(turns=tuple(there)), 20)
    # Every pair of a turn and a reference that meet is counted once from either side; besides, the
    # last piece of a reference may have been cut short.
    pairs, touched = len(found) - got.false + got.joined, len(there) - got.missed
    assert pairs - touched <= got.cut <= pairs
    assert 0 <= got.missed <= len(there)
    assert 0 <= got.false <= len(found)


@given(there=intervals())
def test_what_is_there_has_no_errors(there: list[Interval]) -> None:
    got = turn_errors(there, ReferenceLabels(turns=tuple(there)), 20)
    assert (got.missed, got.false, got.cut, got.joined) == (0, 0, 0, 0)
    assert got.lost_s == pytest.approx(0)
