"""What is kept of a stream."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.bus import retention
from pipeline.bus.retention import JOINED_S, NewestFrames, RecentFrames
from pipeline.frames import AnswerAudio, Audio, Frame, SpeechStarted
from pipeline.frames.wire import decode

S = 1_000_000_000
BOOT = 7
SPOKEN = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 3 * S), st.sampled_from(["keep", "forget"]))
)
"""Whose frame, how long after the one before, or that the session ended."""


def word(session: str) -> SpeechStarted:
    return SpeechStarted(session=session, turn=f"{session}:0", position=0, at_ns=0)


def block(index: int, session: str = "a", **more: object) -> Audio:
    pcm = bytes([index % 256]) * 640
    fields = {"session": session, "position": index * 320, "pcm": pcm, "origin_ns": index + 1}
    return Audio.model_validate({**fields, **more})


def kept_of(recent: RecentFrames) -> list[Frame]:
    return [decode(payload) for payload in recent.frames()]


@given(SPOKEN)
def test_of_the_last_seconds_all_is_kept_but_what_was_forgotten(
    spoken: list[tuple[str, int, str]],
) -> None:
    recent = RecentFrames(5.0, BOOT)
    expected: list[tuple[int, str, bytes]] = []
    now_ns = 0
    for seq, (session, later_ns, what) in enumerate(spoken):
        now_ns += later_ns
        if what == "forget":
            recent.forget(session)
            expected = [each for each in expected if each[1] != session]
            continue
        recent.keep(seq, now_ns, word(session), b"%d" % seq)
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
            newest.keep(seq, 0, word(session), b"%d" % seq)
            expected[session] = b"%d" % seq
    assert newest.frames() == list(expected.values())


def test_a_producer_whose_sessions_never_end_keeps_the_config_s_and_the_last_ones() -> None:
    newest = NewestFrames()
    many = retention.NEWEST_SESSIONS + 10
    for seq in range(many):
        newest.keep(seq, 0, word(f"s{seq}"), b"%d" % seq)
    kept = newest.frames()
    assert len(kept) == retention.NEWEST_SESSIONS
    assert kept[0] == b"0"
    assert kept[-1] == b"%d" % (many - 1)


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.sampled_from([8000, 16_000])),
        max_size=300,
    )
)
def test_every_sample_of_the_sound_is_kept_once_in_fewer_frames(
    spoken: list[tuple[str, int, int]],
) -> None:
    recent = RecentFrames(1000.0, BOOT)
    expected: dict[str, list[tuple[int, int, bytes]]] = {}
    at: dict[str, int] = {}
    for seq, (session, skipped, rate_hz) in enumerate(spoken):
        index = at.get(session, 0) + skipped
        at[session] = index + 1
        frame = block(index, session, rate_hz=rate_hz)
        recent.keep(seq, seq, frame, b"not looked at")
        expected.setdefault(session, []).append((frame.position, rate_hz, frame.pcm))
    found: dict[str, list[tuple[int, int, bytes]]] = {}
    numbers = []
    for frame in kept_of(recent):
        assert isinstance(frame, Audio)
        numbers.append(frame.seq)
        for cut in range(0, len(frame.pcm), 640):
            piece = (frame.position + cut // 2, frame.rate_hz, frame.pcm[cut : cut + 640])
            found.setdefault(frame.session, []).append(piece)
    assert found == expected
    # A consumer takes what comes later for newer.
    assert numbers == sorted(numbers)


def test_sound_without_gaps_is_kept_in_pieces_of_half_a_second() -> None:
    recent = RecentFrames(15.0, BOOT)
    for index in range(750):
        recent.keep(index * 2, index * S // 50, block(index), b"")
        recent.keep(index * 2 + 1, index * S // 50, block(index, "b"), b"")
    kept = kept_of(recent)
    assert len(kept) == 2 * 15 / JOINED_S
    first = kept[0]
    assert isinstance(first, Audio)
    # Number, times and boot are those of its newest block.
    assert (first.seq, first.boot, first.sent_ns) == (48, BOOT, 24 * S // 50)
    assert (first.origin_ns, first.samples) == (25, 8000)


def test_the_end_of_a_stream_is_told_and_what_follows_is_apart() -> None:
    recent = RecentFrames(15.0, BOOT)
    recent.keep(0, 0, block(0), b"")
    recent.keep(1, 0, block(1, final=True), b"")
    recent.keep(2, 0, block(2), b"")
    told = [(each.position, each.samples, each.final) for each in kept_of(recent)]  # type: ignore[attr-defined]
    assert told == [(0, 640, True), (640, 320, False)]


def test_sound_stays_in_its_place_among_other_frames() -> None:
    recent = RecentFrames(15.0, BOOT)
    recent.keep(0, 0, block(0), b"")
    recent.keep(1, 0, word("a"), b"word")
    recent.keep(2, 0, block(1), b"")
    payloads = recent.frames()
    assert len(payloads) == 3
    assert payloads[1] == b"word"


def test_of_a_session_that_is_silent_nothing_is_left_after_a_while() -> None:
    recent = RecentFrames(5.0, BOOT)
    for index in range(10):
        recent.keep(index, 0, block(index, "silent"), b"")
    for index in range(10, 310):
        recent.keep(index, (index - 10) * S // 50, block(index, "b"), b"")
    assert {frame.session for frame in kept_of(recent)} == {"b"}
    assert list(recent._sessions) == ["b"]


def test_sound_of_a_closed_turn_is_kept_for_a_while_and_that_of_an_open_one_for_long() -> None:
    recent = RecentFrames(30.0, BOOT, retain_closed_s=5.0)
    for seq, turn in enumerate(("a:0", "a:0", "a:320")):
        frame = AnswerAudio(
            session="a", turn=turn, epoch=1, backend="b", position=0, rate_hz=24_000, pcm=b"12"
        )
        recent.keep(seq, seq * S, frame, b"%d" % seq)
    recent.close("a", "a:0", 3 * S)
    recent.close("a", "a:never", 7 * S)
    assert recent.frames() == [b"0", b"1", b"2"]
    recent.keep(3, 9 * S, word("other"), b"3")
    assert recent.frames() == [b"2", b"3"]


def test_turn_of_the_same_name_in_a_new_session_keeps_its_sound() -> None:
    recent = RecentFrames(30.0, BOOT, retain_closed_s=5.0)
    recent.keep(0, 0, word("a"), b"0")
    recent.close("a", "a:0", S)
    recent.forget("a")
    recent.keep(1, 2 * S, word("a"), b"1")
    recent.keep(2, 7 * S, word("b"), b"2")
    assert recent.frames() == [b"1", b"2"]
