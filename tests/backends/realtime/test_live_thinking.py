"""A model that says by itself when it is idle: it completes several turns before, one a step."""

from exchanging import Driver
from test_live_unasked import CHUNK, SECOND, talking, unasked

from actors.backends.realtime.events import (
    CallRequested,
    GenerationComplete,
    Interrupted,
    StepComplete,
    TurnComplete,
)


def filled() -> tuple[Driver, str]:
    """A function is under way, and what the model says meanwhile has been generated."""
    live = talking(blocking=False, grace_s=None)
    first = live.speak(0, 3200)
    live.server(CallRequested("c1", "move", {}), CHUNK, GenerationComplete())
    return live, first


def test_answer_at_once_to_who_speaks_after_the_filler_is_heard() -> None:
    live, first = filled()
    live.server(StepComplete())
    second = live.speak(6400, 9600)
    # No `interrupted` comes: nothing was being said.
    live.server(CHUNK, GenerationComplete(), TurnComplete())
    assert (live.ends(first), live.ends(second)) == (["interrupted"], ["complete"])
    assert live.samples(second) == 480
    assert live.counters["late_events"] == 0


def test_filler_that_ends_as_the_user_begins_takes_nothing_of_the_answer_along() -> None:
    live, _ = filled()
    second = live.speak(6400, 9600)
    live.server(StepComplete(), CHUNK, GenerationComplete(), TurnComplete())
    assert (live.ends(second), live.samples(second)) == (["complete"], 480)


def test_rest_of_an_interrupted_filler_is_not_heard() -> None:
    live, _ = filled()
    second = live.speak(6400, 9600)
    live.server(SECOND, Interrupted(), StepComplete(), CHUNK, GenerationComplete(), TurnComplete())
    assert (live.ends(second), live.samples(second)) == (["complete"], 480)


def test_answer_without_sound_after_an_interrupted_filler_is_empty_and_not_frozen() -> None:
    live, _ = filled()
    second = live.speak(6400, 9600)
    live.server(Interrupted(), StepComplete(), TurnComplete())
    assert live.ends(second) == ["empty"]
    assert not live.wants_out


def test_step_of_a_model_that_thinks_is_given_up_with_the_turn() -> None:
    live = talking(blocking=False, grace_s=None)
    live.speak(0, 3200)
    live.server(CHUNK, GenerationComplete(), StepComplete())
    second = live.speak(6400, 9600)
    # It has gone on before it knew that the user speaks.
    live.server(SECOND, Interrupted(), TurnComplete(), CHUNK, GenerationComplete(), TurnComplete())
    assert (live.ends(second), live.samples(second)) == (["complete"], 480)


def test_step_is_a_sign_of_life() -> None:
    live = talking(blocking=False, grace_s=None, first_event_s=4.0)
    turn = live.speak(0, 3200)
    live.server(CHUNK, GenerationComplete())
    live.wait(3.0)
    live.server(StepComplete())
    live.wait(3.0)
    live.server(SECOND, GenerationComplete(), TurnComplete())
    assert (live.ends(turn), live.samples(turn)) == (["complete"], 24_480)


def test_result_is_told_after_a_filler_whose_end_was_no_end() -> None:
    live, first = filled()
    live.server(StepComplete())
    live.wait(20)
    live.tool_result("c1", {"ok": True})
    live.server(SECOND, GenerationComplete(), TurnComplete())
    assert (live.ends(first), live.samples(first), unasked(live)) == (["complete"], 24_480, [])
