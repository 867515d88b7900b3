"""The state machine by tables: one character a window of 100 samples.

In the sound: `#` speech, `+` between the thresholds, `.` silence.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.hearing.vad.endpointing import (
    Endpointing,
    EndpointingLimits,
    Moment,
    SpeechState,
    TurnEnded,
    TurnStarted,
    finish,
    step,
)
from pipeline.frames import EndReason

LIMITS = EndpointingLimits(
    window=100,
    enter=0.5,
    leave=0.3,
    pre_roll=150,
    min_speech=200,
    silence=400,
    hangover=250,
    max_turn=2000,
)
PROBABILITY = {"#": 0.9, "+": 0.4, ".": 0.1}


def begin(at: int = 0) -> Endpointing:
    return Endpointing(SpeechState.SILENCE, at, earliest=at)


def hear(sound: str, state: Endpointing | None = None) -> tuple[Endpointing, list[Moment]]:
    now = state or begin()
    moments: list[Moment] = []
    for character in sound:
        now, new = step(now, PROBABILITY[character], LIMITS)
        moments += new
    return now, moments


SILENCE, MAX = EndReason.SILENCE, EndReason.MAX_LENGTH

TABLE: list[tuple[str, str, list[Moment]]] = [
    ("nothing is nothing", "....", []),
    ("one window is a click", "..#......", []),
    ("hesitation is not speech", "..+++++++", []),
    ("two windows are speech", "....##", [TurnStarted(250)]),
    ("hesitation does not reset the run", "....#+#", [TurnStarted(250)]),
    ("silence does", "....#.#.#.#", []),
    ("a click does not move the onset of what follows", "..#...##", [TurnStarted(450)]),
    ("the start is clamped to the stream", "##", [TurnStarted(0)]),
    (
        "silence ends the turn, with its hangover",
        "....##....",
        [TurnStarted(250), TurnEnded(250, 850, 600, SILENCE)],
    ),
    ("not before it is long enough", "....##...", [TurnStarted(250)]),
    (
        "a pause within the turn is part of it",
        "....##...##....",
        [TurnStarted(250), TurnEnded(250, 1350, 1100, SILENCE)],
    ),
    (
        "hesitation prolongs speech",
        "....##++....",
        [TurnStarted(250), TurnEnded(250, 1050, 800, SILENCE)],
    ),
    (
        "but not silence",
        "....##.+++",
        [TurnStarted(250), TurnEnded(250, 850, 600, SILENCE)],
    ),
    (
        "the pre-roll never reaches into the turn before",
        "....##....##....",
        [
            TurnStarted(250),
            TurnEnded(250, 850, 600, SILENCE),
            TurnStarted(850),
            TurnEnded(850, 1450, 1200, SILENCE),
        ],
    ),
    (
        "long speech goes on as the next turn, without a gap",
        "#" * 24 + "....",
        [
            TurnStarted(0),
            TurnEnded(0, 2000, 2000, MAX),
            TurnStarted(2000),
            TurnEnded(2000, 2650, 2400, SILENCE),
        ],
    ),
    (
        "a last breath after the cut is no turn",
        "#" * 21 + "......",
        [TurnStarted(0), TurnEnded(0, 2000, 2000, MAX)],
    ),
]


@pytest.mark.parametrize(("case", "sound", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_table(case: str, sound: str, expected: list[Moment]) -> None:
    assert hear(sound)[1] == expected


@pytest.mark.parametrize(
    ("case", "sound", "stream_end", "expected"),
    [
        ("in speech", "....##", 600, [TurnEnded(250, 600, 600, EndReason.END_OF_STREAM)]),
        ("in a pause", "....##...", 900, [TurnEnded(250, 850, 600, EndReason.END_OF_STREAM)]),
        ("padded last window", "....##", 540, [TurnEnded(250, 540, 540, EndReason.END_OF_STREAM)]),
        ("before a turn", "....#", 500, []),
        ("after a turn", "....##....", 1000, []),
    ],
)
def test_end_of_stream(case: str, sound: str, stream_end: int, expected: list[Moment]) -> None:
    state, _ = hear(sound)

    ended, moments = finish(state, stream_end, LIMITS)

    assert list(moments) == expected
    assert ended.phase is SpeechState.ENDED


def test_nothing_is_heard_after_the_end() -> None:
    ended, _ = finish(begin(), 0, LIMITS)

    assert hear("########", ended)[1] == []


sounds = st.text("#+.", max_size=120)


@given(sounds)
def test_turns_never_overlap_and_are_closed_before_the_next(sound: str) -> None:
    state, moments = hear(sound)
    moments += finish(state, len(sound) * 100, LIMITS)[1]

    assert len(moments) % 2 == 0
    free = 0
    for started, ended in zip(moments[::2], moments[1::2], strict=True):
        assert isinstance(started, TurnStarted)
        assert isinstance(ended, TurnEnded)
        assert free <= started.position == ended.start
        assert ended.start < ended.voiced_end <= ended.position <= len(sound) * 100
        free = ended.position


@given(sounds, st.integers(0, 120))
def test_a_saved_state_goes_on_as_if_nothing_had_happened(sound: str, cut: int) -> None:
    state, before = hear(sound[:cut])

    resumed, after = hear(sound[cut:], Endpointing.restore(list(state)))

    assert (resumed, before + after) == hear(sound)


@given(sounds, st.integers(0, 1000))
def test_positions_are_absolute(sound: str, windows: int) -> None:
    offset = windows * 100

    _, moments = hear(sound, begin(offset))

    assert [each[0] - offset for each in moments] == [each[0] for each in hear(sound)[1]]
