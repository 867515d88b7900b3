"""The one back-off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.backoff import Backoff

SECONDS = st.floats(0.01, 1e4)


def test_doubles_up_to_the_longest() -> None:
    waits = [Backoff(1.0, 60.0).wait_s(failures) for failures in range(1, 9)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_follows_a_wait_as_it_follows_a_count() -> None:
    backoff = Backoff(0.1, 0.8)
    waited_s, waits = 0.0, []
    for _ in range(5):
        waited_s = backoff.after(waited_s)
        waits.append(waited_s)
    assert waits == pytest.approx([backoff.wait_s(failures) for failures in range(1, 6)])


@given(first_s=SECONDS, longest_s=SECONDS, failures=st.integers(1, 10**6), chance=st.floats(0, 1))
def test_stays_within_its_limits(
    first_s: float, longest_s: float, failures: int, chance: float
) -> None:
    backoff = Backoff(first_s, longest_s, jitter=0.5)
    wait_s = backoff.wait_s(failures, lambda: chance)
    assert 0.5 * min(first_s, longest_s) <= wait_s <= longest_s
    assert wait_s <= backoff.wait_s(failures + 1, lambda: chance)


def test_jitter_draws_its_share_at_random() -> None:
    backoff = Backoff(2.0, 60.0, jitter=0.5)
    assert [backoff.wait_s(1, lambda drawn=drawn: drawn) for drawn in (0.0, 0.5, 1.0)] == [
        1,
        1.5,
        2,
    ]
