"""What was heard of a line, by a clock of the test's own."""

from __future__ import annotations

from actors.gateway.phone.heard import MARKS_LOST_NS, HeardLine
from pipeline.frames import Playback, PlaybackState

MS = 1_000_000
T0 = 10_000 * MS


def report(state: PlaybackState, at_ms: float, samples: int, turn: str = "call:0") -> Playback:
    return Playback(
        session="call",
        turn=turn,
        epoch=0,
        backend="live",
        state=state,
        played_samples=samples,
        at_ns=T0 + int(at_ms * MS),
    )


def sent(line: HeardLine, blocks: int, marks_each: int = 10) -> None:
    """Send blocks of 20 ms, all at once, with a mark after each so many."""
    for block in range(1, blocks + 1):
        line.sent(T0)
        if block % marks_each == 0:
            line.mark()


def told(frames: list[Playback]) -> list[tuple[PlaybackState, int]]:
    return [(each.state, each.played_samples) for each in frames]


def test_by_the_clock_it_is_heard_in_its_time() -> None:
    line = HeardLine(marks=False)
    for _ in range(10):
        line.sent(T0)
    assert line.heard_ns(T0 + 60 * MS) == T0 + 60 * MS
    assert line.left_ns(T0 + 60 * MS) == 140 * MS


def test_a_mark_that_is_late_holds_the_clock() -> None:
    line = HeardLine(marks=True)
    sent(line, 20)
    assert line.heard_ns(T0 + 900 * MS) < T0 + 200 * MS
    assert line.reached("m1", T0 + 900 * MS)
    assert line.heard_ns(T0 + 910 * MS) == T0 + 210 * MS
    assert not line.reached("m1", T0 + 950 * MS), "it came back before"
    assert line.reached("m2", T0 + 1000 * MS)
    assert line.heard_ns(T0 + 1000 * MS) == T0 + 1000 * MS, "all of it, and the silence behind it"


def test_a_mark_that_overtook_another_says_both() -> None:
    line = HeardLine(marks=True)
    sent(line, 20)
    assert line.reached("m2", T0 + 400 * MS)
    assert line.heard_ns(T0 + 400 * MS) == T0 + 400 * MS
    assert not line.waits


def test_what_was_sent_is_told_when_it_was_heard() -> None:
    line = HeardLine(marks=True)
    sent(line, 10)
    assert told(line.account(report(PlaybackState.STARTED, 0, 0), T0)) == [
        (PlaybackState.STARTED, 0)
    ]
    assert not line.account(report(PlaybackState.FINISHED, 195, 4680), T0)
    assert not line.due(T0 + 199 * MS), "the clock does not say that it is over"
    line.reached("m1", T0 + 230 * MS)
    assert told(line.due(T0 + 230 * MS)) == [(PlaybackState.FINISHED, 4680)]


def test_what_was_thrown_away_was_not_heard() -> None:
    line = HeardLine(marks=True)
    sent(line, 15)
    line.account(report(PlaybackState.STARTED, 0, 0), T0)
    line.reached("m1", T0 + 210 * MS)
    now_ns = T0 + 250 * MS
    line.cut(now_ns)
    heard = line.account(report(PlaybackState.INTERRUPTED, 300, 7200), now_ns)
    assert told(heard) == [(PlaybackState.INTERRUPTED, 5760)], "240 ms of it"
    assert not line.reached("m1", now_ns)
    assert line.left_ns(now_ns) == 0


def test_an_answer_sent_whole_is_interrupted_where_it_was_cut() -> None:
    line = HeardLine(marks=True)
    sent(line, 10)
    line.account(report(PlaybackState.STARTED, 0, 0), T0)
    assert not line.account(report(PlaybackState.FINISHED, 200, 4800), T0)
    assert line.unheard(T0 + 100 * MS) == ["call:0"]
    line.cut(T0 + 100 * MS)
    assert told(line.due(T0 + 100 * MS)) == [(PlaybackState.INTERRUPTED, 2400)]


def test_what_is_sent_after_a_cut_is_heard_as_ever() -> None:
    line = HeardLine(marks=False)
    line.sent(T0)
    line.cut(T0)
    later_ns = T0 + 500 * MS
    line.sent(later_ns)
    finished = line.account(report(PlaybackState.FINISHED, 520, 480), later_ns + 20 * MS)
    assert told(finished) == [(PlaybackState.FINISHED, 480)]


def test_a_beat_that_was_late_makes_no_gap() -> None:
    line = HeardLine(marks=False)
    line.sent(T0)
    assert line.next_ns(T0 + 60 * MS) == T0 + 20 * MS, "it is sent at once and not later for good"
    assert line.next_ns(T0 + 600 * MS) == T0 + 600 * MS, "after a silence the line begins anew"


def test_marks_that_never_come_do_not_hold_an_answer_for_ever() -> None:
    line = HeardLine(marks=True)
    sent(line, 10)
    assert not line.account(report(PlaybackState.FINISHED, 200, 4800), T0)
    after_ns = T0 + 200 * MS + MARKS_LOST_NS + 1
    assert told(line.due(after_ns)) == [(PlaybackState.FINISHED, 4800)]
    assert line.marks_lost == 1
    line.sent(after_ns)
    line.mark()
    assert not line.waits, "a line that gave none back is believed no more"


def test_an_answer_of_which_nothing_was_sent_is_told_of_at_once() -> None:
    line = HeardLine(marks=True)
    sent(line, 10)
    line.reached("m1", T0 + 210 * MS)
    after_ns = T0 + 300 * MS
    overtaken = report(PlaybackState.INTERRUPTED, 300, 0, turn="call:1")
    assert told(line.account(overtaken, after_ns)) == [(PlaybackState.INTERRUPTED, 0)]
