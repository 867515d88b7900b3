from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.lib.audio.timeline import Timeline

RATE_HZ = 16_000
STARTED_NS = 5_000_000_000


def test_a_stream_begins_where_the_clock_is_and_then_counts_samples() -> None:
    timeline = Timeline(STARTED_NS, RATE_HZ)
    assert timeline.advance(320, STARTED_NS + 10**9) == RATE_HZ
    assert timeline.advance(320, STARTED_NS + 9 * 10**9) == RATE_HZ + 320


def test_time_lost_is_a_gap_in_positions() -> None:
    timeline = Timeline(STARTED_NS, RATE_HZ)
    timeline.advance(320, STARTED_NS)
    timeline.lose()
    assert timeline.advance(320, STARTED_NS + 3 * 10**9) == 3 * RATE_HZ


@given(
    st.lists(st.tuples(st.integers(1, 1_000), st.integers(-(10**10), 10**10), st.booleans())),
)
def test_positions_never_go_back_and_never_overlap(steps: list[tuple[int, int, bool]]) -> None:
    timeline = Timeline(STARTED_NS, RATE_HZ)
    end = 0
    for count, late_ns, lost in steps:
        if lost:
            timeline.lose()
        position = timeline.advance(count, STARTED_NS + late_ns)
        assert position >= end
        end = position + count


def test_drift_is_the_clock_ahead_of_the_samples() -> None:
    timeline = Timeline(STARTED_NS, RATE_HZ)
    timeline.advance(RATE_HZ, STARTED_NS)
    assert timeline.drift_ms(STARTED_NS + 1_007_000_000) == 7
