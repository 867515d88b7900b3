"""When nobody has to look at sound as it comes: no moment is any later for it."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic_ns

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from recorded_speech import noise, recording

from actors.hearing.vad import Vad, actor
from actors.hearing.vad.arrival import FRESH_NS, MARGIN_NS, Arrival
from actors.hearing.vad.earliest import earliest_moment
from actors.hearing.vad.endpointing import (
    Endpointing,
    EndpointingLimits,
    PauseStage,
    SpeechState,
    decide,
    pause_stage,
    step,
)
from actors.hearing.vad.pauses import PauseLimits
from actors.lib.audio.pcm import Samples, samples_to_ns, to_pcm
from pipeline.frames import Audio, SpeechEnded, SpeechStarted
from pipeline.testing import stage

LIMITS = EndpointingLimits(
    window=100,
    enter=0.5,
    leave=0.3,
    pre_roll=150,
    min_speech=250,
    silence=430,
    hangover=250,
    max_turn=2050,
    min_interruption=600,
)
SMART = replace(
    LIMITS, pauses=PauseLimits(ask=200, complete=400, incomplete=1000, surely=0.9, hardly=0.5)
)
PATIENT = replace(
    LIMITS, pauses=PauseLimits(ask=200, complete=900, incomplete=1500, surely=0.9, hardly=0.5)
)
PROBABILITY = {"#": 0.9, "+": 0.4, ".": 0.1}
BLOCK_NS = 20_000_000


def hear(
    sound: str, limits: EndpointingLimits, *, over_answer: bool = False, verdict: float = 0.7
) -> list[tuple[Endpointing, bool]]:
    """Return the state after each window, and whether anything followed from it."""
    state = Endpointing(SpeechState.SILENCE, 0, earliest=0)
    found = []
    asked = False
    for character in sound:
        state, moments = step(state, PROBABILITY[character], limits, over_answer=over_answer)
        follows = bool(moments)
        stage_of = pause_stage(state, limits)
        follows |= stage_of is PauseStage.ASK and not asked
        asked = stage_of is PauseStage.ASK
        if stage_of is PauseStage.WAIT:
            state, moments = decide(state, verdict, limits)
            follows = True
        found.append((state, follows))
    return found


@given(
    st.lists(st.text("#", max_size=30) | st.text("#+.", max_size=15)).map("".join),
    st.sampled_from([LIMITS, SMART, PATIENT]),
    st.booleans(),
    st.sampled_from([0.2, 0.7, 0.95]),
)
@example("#" * 60, LIMITS, False, 0.7)
@example("####......####...........", SMART, False, 0.2)
@example("###.##.##.....", LIMITS, True, 0.7)
@example("####...#...", PATIENT, False, 0.7)
def test_nothing_follows_before_the_earliest_moment(
    sound: str, limits: EndpointingLimits, over_answer: bool, verdict: float
) -> None:
    first = Endpointing(SpeechState.SILENCE, 0, earliest=0)
    earliest = earliest_moment(first, limits)
    for state, follows in hear(sound, limits, over_answer=over_answer, verdict=verdict):
        if follows:
            assert state.position >= earliest
        following = earliest_moment(state, limits)
        assert following > state.position
        if state.position >= earliest:  # Only then somebody looks again.
            earliest = following


@pytest.mark.parametrize(
    ("sound", "limits", "over_answer", "expected"),
    [
        ("..", LIMITS, False, 500),
        ("..#", LIMITS, False, 500),
        ("..##", LIMITS, False, 500),
        ("####", LIMITS, False, 900),
        ("####...", LIMITS, False, 900),
        ("#" * 19, LIMITS, False, 2100),
        ("###", LIMITS, True, 600),
        ("####", SMART, False, 600),
        ("####..", SMART, False, 800),
    ],
)
def test_the_earliest_moment(
    sound: str, limits: EndpointingLimits, over_answer: bool, expected: int
) -> None:
    state, _ = hear(sound, limits, over_answer=over_answer)[-1]

    assert earliest_moment(state, limits) == expected


def test_a_block_is_expected_as_late_as_the_quickest_before_it() -> None:
    arrival = Arrival()
    for number, delay_ns in enumerate([4_000_000, 900_000, 7_000_000], 1):
        due_ns = arrival.expect(
            number * BLOCK_NS, number * 320, number * BLOCK_NS + delay_ns, 2 * 320
        )

    assert due_ns == pytest.approx(5 * BLOCK_NS + 900_000 + MARGIN_NS, abs=2)


@pytest.mark.parametrize("later_ns", [0, 7_000_000])
def test_blocks_that_waited_for_each_other_are_not_believed(later_ns: int) -> None:
    """Read three at a time, as in silence; the way that they take grows after 15 s."""
    arrival = Arrival()
    read_ns = late_ns = 0
    for number in range(1, 40 * 50):
        captured_ns = number * BLOCK_NS
        delay_ns = 1_000_000 + (later_ns if number > 15 * 50 else 0)
        ahead = 3 - number % 3
        here_ns = max(captured_ns + delay_ns, read_ns) + 200_000
        late_ns = here_ns - captured_ns - delay_ns
        due_ns = arrival.expect(captured_ns, 320 * number, here_ns, 320 * ahead)
        read_ns = due_ns
        if number % 3 == 0:
            assert late_ns < MARGIN_NS + 1_000_000, number
    assert due_ns == pytest.approx(
        (number + ahead) * BLOCK_NS + delay_ns + 200_000 + MARGIN_NS, abs=2
    )


def test_a_recording_that_is_played_faster_comes_faster() -> None:
    arrival = Arrival()
    for number in (1, 2):
        due_ns = arrival.expect(number * BLOCK_NS // 10, number * 320, number * BLOCK_NS // 10, 320)

    assert due_ns == pytest.approx(3 * BLOCK_NS // 10 + MARGIN_NS, abs=2)


@pytest.mark.parametrize("delay_ns", [FRESH_NS, -1, 3_600_000_000_000])
def test_sound_that_waited_or_has_another_clock_tells_nothing(delay_ns: int) -> None:
    arrival = Arrival()

    assert arrival.expect(BLOCK_NS, 320, BLOCK_NS + delay_ns, 320) == 0


def test_nothing_is_known_after_a_jump_back() -> None:
    arrival = Arrival()
    arrival.expect(9 * BLOCK_NS, 9 * 320, 9 * BLOCK_NS, 320)

    assert arrival.expect(2 * BLOCK_NS, 2 * 320, 2 * BLOCK_NS, 320) == 0


def sounding_now(samples: Samples) -> list[Audio]:
    """Blocks of 20 ms, the newest of which has just been captured."""
    now_ns, whole = monotonic_ns(), len(samples) // 320
    return [
        Audio(
            position=320 * index,
            pcm=to_pcm(samples[320 * index : 320 * (index + 1)]),
            origin_ns=now_ns - samples_to_ns(320 * (whole - 1 - index)),
        )
        for index in range(whole)
    ]


@pytest.mark.parametrize(
    ("sound", "least_blocks", "most_blocks"),
    [
        # Two windows of Silero's make a turn: the block that completes the second.
        (noise(1.0), 2, 4),
        # Within a sentence nothing follows for 0.5 s; sound waits for a quarter of one.
        (recording("goforward.wav")[: 2 * 16_000], 10, 13),
    ],
)
def test_sound_waits_while_nothing_can_follow(
    sound: Samples, least_blocks: int, most_blocks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = sounding_now(sound)
    # However long this machine takes.
    monkeypatch.setattr(actor, "monotonic_ns", lambda: blocks[-1].origin_ns + 1_000_000)
    with stage(Vad) as vad:
        rests: list[int] = []
        vad.actor._rest = lambda _port, until_ns: rests.append(until_ns)
        vad.send("audio", *blocks)

        blocks_ahead = (max(rests) - blocks[-1].origin_ns) / BLOCK_NS
    assert least_blocks - 1 < blocks_ahead < most_blocks + 2


def test_turns_are_the_same_when_their_sound_comes_late() -> None:
    sound = np.concatenate([noise(1.0), recording("goforward.wav"), noise(1.0)])
    said = []
    for together in (1, 12):
        with stage(Vad) as vad:
            blocks = sounding_now(sound)
            for at in range(0, len(blocks), together):
                vad.send("audio", *blocks[at : at + together])
            started, ended = vad.expect("speech", SpeechStarted), vad.expect("speech", SpeechEnded)
            said.append((started.position, ended.start_position, ended.position))
    assert said[0] == said[1]
