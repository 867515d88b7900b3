"""What is kept of a stream."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.bus import retention
from pipeline.bus.retention import NewestFrames, RecentFrames

S = 1_000_000_000
SPOKEN = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 3 * S), st.sampled_from(["keep", "forget"]))
)
"""Whose frame, how long after the one before, or that the session ended."""


@given(SPOKEN)
def test_of_the_last_seconds_all_is_kept_but_what_was_forgotten(
    spoken: list[tuple[str, int, str]],
) -> None:
    recent = RecentFrames(5.0)
    expected: list[tuple[int, str, bytes]] = []
    now_ns = 0
    for seq, (session, later_ns, what) in enumerate(spoken):
        now_ns += later_ns
        if what == "forget":
            recent.forget(session)
            expected = [each for each in expected if each[1] != session]
            continue
        recent.keep(seq, now_ns, session, b"%d" % seq)
        expected.append((now_ns, session, b"%d" % seq))
        expected = [each for each in expected if each[0] >= now_ns - 5 * S]
    assert recent.frames() == [payload for _, _, payload in expected]


@given(SPOKEN)
def test_the_newest_of_each_session_is_kept_in_the_order_of_speaking(
    spoken: list[tuple[str, int, str]],
) -> None:
    newest = NewestFrames()
    expected: dict[str, bytes] = {}
    for seq, (session, _, what) in enumerate(spoken):
        expected.pop(session, None)
        if what == "forget":
            newest.forget(session)
        else:
            newest.keep(seq, 0, session, b"%d" % seq)
            expected[session] = b"%d" % seq
    assert newest.frames() == list(expected.values())


def test_a_producer_whose_sessions_never_end_keeps_the_config_s_and_the_last_ones() -> None:
    newest = NewestFrames()
    many = retention.NEWEST_SESSIONS + 10
    for seq in range(many):
        newest.keep(seq, 0, f"s{seq}", b"%d" % seq)
    kept = newest.frames()
    assert len(kept) == retention.NEWEST_SESSIONS
    assert kept[0] == b"0"
    assert kept[-1] == b"%d" % (many - 1)
