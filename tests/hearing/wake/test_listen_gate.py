"""The gate: whatever happens, in whatever order, it is closed unless somebody was let in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.hearing.wake.gate import LATE_NS, GateLimits, ListenGate, step, waits_for
from actors.hearing.wake.gate_events import (
    ActionAsked,
    GateEvent,
    ModeSet,
    SpeechBegan,
    SpeechOver,
    TimePassed,
    TurnOver,
    WordHeard,
)
from pipeline.frames import ListenAction, ListenMode, ListenPhase

S = 1_000_000_000
LIMITS = GateLimits(listen=6 * S, follow_up=5 * S, hold=120 * S, answer=600 * S, over_answer=True)
OPEN, CLOSE, TAP = (ActionAsked(action) for action in ListenAction)


def after(
    mode: ListenMode, *events: GateEvent | float, limits: GateLimits = LIMITS
) -> tuple[ListenPhase, bool]:
    """What the gate is like after events; a number lets so many seconds pass."""
    gate, now = ListenGate.of(mode), 100 * S
    for event in events:
        if isinstance(event, float):
            now += round(event * S)
            gate = step(gate, TimePassed(), now, limits)
        else:
            gate = step(gate, event, now, limits)
    return gate.phase, gate.passes(limits)


WORD, PUSH, ALWAYS = ListenMode.WAKE_WORD, ListenMode.PUSH_TO_TALK, ListenMode.ALWAYS
ASKED = (WordHeard(), SpeechBegan("a"), SpeechOver("a"))
"""A word and a question."""


@pytest.mark.parametrize(
    ("events", "phase", "passes"),
    [
        ((), ListenPhase.ASLEEP, False),
        ((SpeechBegan("a"),), ListenPhase.ASLEEP, False),
        ((WordHeard(),), ListenPhase.LISTENING, True),
        ((WordHeard(), 5.9), ListenPhase.LISTENING, True),
        ((WordHeard(), 6.0), ListenPhase.EXPIRED, False),
        ((WordHeard(), 3.0, WordHeard(), 5.0), ListenPhase.LISTENING, True),
        ((WordHeard(), 6.2, SpeechBegan("a")), ListenPhase.HEARING, True),
        ((WordHeard(), 7.1, SpeechBegan("a")), ListenPhase.ASLEEP, False),
        ((WordHeard(), SpeechBegan("a"), 60.0), ListenPhase.HEARING, True),
        (ASKED, ListenPhase.ANSWERING, True),
        ((*ASKED, 601.0), ListenPhase.ASLEEP, False),
        ((*ASKED, TurnOver("before")), ListenPhase.ANSWERING, True),
        ((*ASKED, TurnOver("a")), ListenPhase.LISTENING, True),
        ((*ASKED, TurnOver("a"), 5.0, 1.1), ListenPhase.ASLEEP, False),
        ((*ASKED, TurnOver("a"), SpeechBegan("b")), ListenPhase.HEARING, True),
        # Barge-in: the outcome of what was interrupted ends nothing.
        ((*ASKED, SpeechBegan("b"), TurnOver("a")), ListenPhase.HEARING, True),
        ((*ASKED, WordHeard(), TurnOver("a")), ListenPhase.LISTENING, True),
        # After a restart the outcome may be told of first.
        ((TurnOver("a"), *ASKED), ListenPhase.LISTENING, True),
        ((WordHeard(), SpeechBegan("a"), SpeechOver("a", True)), ListenPhase.LISTENING, True),
        ((WordHeard(), CLOSE), ListenPhase.RELEASED, False),
        ((WordHeard(), SpeechBegan("a"), CLOSE, SpeechOver("a")), ListenPhase.ANSWERING, True),
        ((*ASKED, CLOSE, TurnOver("a")), ListenPhase.ASLEEP, False),
        ((OPEN,), ListenPhase.LISTENING, True),
        ((TAP, TAP), ListenPhase.RELEASED, False),
    ],
)
def test_after_a_word(
    events: tuple[GateEvent | float, ...], phase: ListenPhase, passes: bool
) -> None:
    assert after(WORD, *events) == (phase, passes)


@pytest.mark.parametrize(
    ("events", "phase", "passes"),
    [
        ((WordHeard(),), ListenPhase.ASLEEP, False),
        ((OPEN,), ListenPhase.HELD, True),
        ((OPEN, OPEN), ListenPhase.HELD, True),
        ((OPEN, SpeechBegan("a"), SpeechOver("a"), 60.0), ListenPhase.HELD, True),
        ((OPEN, 121.0), ListenPhase.RELEASED, False),
        ((OPEN, 0.5, CLOSE), ListenPhase.RELEASED, False),
        ((OPEN, CLOSE, 1.1), ListenPhase.ASLEEP, False),
        # The end of the turn is told of after the key was let go, or even its beginning.
        ((OPEN, SpeechBegan("a"), CLOSE, SpeechOver("a")), ListenPhase.ANSWERING, False),
        ((OPEN, CLOSE, SpeechBegan("a"), SpeechOver("a")), ListenPhase.ANSWERING, False),
        ((OPEN, CLOSE, SpeechOver("a"), TurnOver("a")), ListenPhase.ASLEEP, False),
        ((OPEN, CLOSE, SpeechOver("a"), OPEN), ListenPhase.HELD, True),
        ((TAP,), ListenPhase.LISTENING, True),
        ((TAP, 6.0), ListenPhase.EXPIRED, False),
        ((TAP, SpeechBegan("a"), SpeechOver("a"), TurnOver("a")), ListenPhase.ASLEEP, False),
        ((TAP, SpeechBegan("a"), TAP, SpeechOver("a")), ListenPhase.ANSWERING, False),
        ((CLOSE,), ListenPhase.ASLEEP, False),
    ],
)
def test_with_a_key(
    events: tuple[GateEvent | float, ...], phase: ListenPhase, passes: bool
) -> None:
    assert after(PUSH, *events) == (phase, passes)


@pytest.mark.parametrize("event", [WordHeard(), OPEN, CLOSE, TAP, *ASKED, TurnOver("a")])
def test_who_is_always_listened_to_needs_nothing(event: GateEvent) -> None:
    assert after(ALWAYS, event, 1000.0) == (ListenPhase.OPEN, True)


@pytest.mark.parametrize(
    ("start", "events", "mode", "phase", "passes"),
    [
        (ALWAYS, (), WORD, ListenPhase.RELEASED, False),
        (ALWAYS, (SpeechBegan("a"),), WORD, ListenPhase.HEARING, True),
        (ALWAYS, (SpeechBegan("a"), SpeechOver("a")), PUSH, ListenPhase.RELEASED, False),
        (WORD, (), ALWAYS, ListenPhase.OPEN, True),
        (WORD, (WordHeard(),), PUSH, ListenPhase.RELEASED, False),
        (WORD, ASKED, PUSH, ListenPhase.ANSWERING, False),
        (PUSH, (OPEN,), WORD, ListenPhase.RELEASED, False),
        (PUSH, (OPEN, SpeechBegan("a")), WORD, ListenPhase.HEARING, True),
        (PUSH, (OPEN,), PUSH, ListenPhase.HELD, True),
    ],
)
def test_changed_while_running(
    start: ListenMode,
    events: tuple[GateEvent, ...],
    mode: ListenMode,
    phase: ListenPhase,
    passes: bool,
) -> None:
    assert after(start, *events, ModeSet(mode)) == (phase, passes)


def test_an_answer_that_only_the_word_interrupts_is_not_listened_over() -> None:
    limits = replace(LIMITS, over_answer=False)
    assert after(WORD, *ASKED, limits=limits) == (ListenPhase.ANSWERING, False)
    assert after(WORD, *ASKED, SpeechBegan("b"), limits=limits) == (ListenPhase.ANSWERING, False)
    assert after(WORD, *ASKED, WordHeard(), limits=limits) == (ListenPhase.LISTENING, True)
    assert after(WORD, *ASKED, TurnOver("a"), limits=limits) == (ListenPhase.LISTENING, True)


def test_without_a_follow_up_each_question_needs_the_word() -> None:
    limits = replace(LIMITS, follow_up=0)
    assert after(WORD, *ASKED, TurnOver("a"), limits=limits) == (ListenPhase.ASLEEP, False)


events = st.one_of(
    st.sampled_from([WordHeard(), OPEN, CLOSE, TAP, TimePassed()]),
    st.sampled_from([SpeechBegan("a"), SpeechOver("a"), SpeechOver("b", True), TurnOver("a")]),
    st.sampled_from([ModeSet(WORD), ModeSet(PUSH)]),
    st.floats(0, 700),
)


@given(st.sampled_from([WORD, PUSH]), st.lists(events, max_size=30))
def test_left_alone_it_falls_asleep(mode: ListenMode, happened: list[GateEvent | float]) -> None:
    """Only who is said to speak is listened to without end, and turn detection cuts that off."""
    limit = max(LIMITS.hold, LIMITS.answer, LIMITS.listen, LIMITS.follow_up) + 2 * LATE_NS
    phase, passes = after(mode, *happened, SpeechOver("z"), limit / S, 2.0)
    assert (phase, passes) == (ListenPhase.ASLEEP, False)


@given(st.lists(events, max_size=30).filter(lambda found: WordHeard() not in found))
def test_without_a_word_nothing_passes(happened: list[GateEvent | float]) -> None:
    calls = (ActionAsked, ModeSet)
    assert not after(WORD, *(each for each in happened if not isinstance(each, calls)))[1]


def test_the_status_says_what_it_takes() -> None:
    assert (
        waits_for(ListenGate.of(WORD), ["Hey Jarvis", "Alexa"]) == "asleep: say Hey Jarvis or Alexa"
    )
    assert waits_for(ListenGate.of(PUSH), []) == "asleep: press to talk"
    assert waits_for(ListenGate.of(ALWAYS), []) == "listens always"
