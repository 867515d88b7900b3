"""How late a clock was of late."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.outputs.lateness import KEPT_NS, Lateness

STEPS = st.lists(st.tuples(st.integers(0, KEPT_NS), st.integers(0, 10**9)), max_size=40)


@given(STEPS)
def test_the_greatest_of_the_last_seconds_is_told(steps: list[tuple[int, int]]) -> None:
    lateness, noted, now_ns = Lateness(), [(0, 0)], 0
    for passed_ns, late_ns in steps:
        now_ns += passed_ns
        lateness.note(late_ns, now_ns)
        noted.append((now_ns, late_ns))
        recent = [late for at_ns, late in noted if at_ns >= now_ns - KEPT_NS]
        assert lateness.worst_ns(now_ns) == max(recent)
    assert lateness.worst_ns(now_ns + KEPT_NS + 1) == 0
