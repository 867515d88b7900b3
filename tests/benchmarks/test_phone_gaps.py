"""A gap on a line is the room's only if whoever measures it was there to see it."""

from __future__ import annotations

import pytest

from benchmarks.phone_callers.process import HeldCall

SECOND_NS = 1_000_000_000


@pytest.mark.parametrize(
    ("late", "is_away"),
    [
        ({}, False),
        # Block 49 is due after a second.
        ({49: 100.0}, True),
        ({50: 95.0}, False),
        ({49: 30.0}, False),
        ({20: 100.0}, False),
        ({90: 100.0}, False),
    ],
)
def test_a_gap_while_the_callers_had_no_processor_is_told_apart(
    late: dict[int, float], is_away: bool
) -> None:
    late_ms = [late.get(each, 1.0) for each in range(100)]
    call = HeldCall("CA1", [], late_ms, 5 * SECOND_NS)
    assert call.was_away(6 * SECOND_NS, 100.0) is is_away
