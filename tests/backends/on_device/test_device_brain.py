"""What the device decides to do about what was said."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.backends.on_device.brain import (
    CallStep,
    ConverseStep,
    Plan,
    SayStep,
    failed,
    outcome,
    plan,
)
from actors.backends.on_device.connection import Outlook
from actors.backends.on_device.intents import Context, english
from actors.lib.languages.line import Line
from actors.lib.speech.commands import Command
from pipeline.frames import FaultClass

NOON = datetime(2026, 11, 21, 15, 5)
ENGLISH = english()
QUOTA = Outlook(FaultClass.QUOTA.value, retry_in_s=120)
CANNOT = QUOTA.cannot(ENGLISH)
NOT_HEARD = ENGLISH.not_heard
HISTORY = (
    ("user", "What is the capital of France?"),
    ("model", "The capital of France is Paris."),
    ("user", "Thank you."),
)
MOVE = {
    "name": "move",
    "parameters": {
        "type": "object",
        "properties": {
            "direction": {"enum": ["forward", "backward"]},
            "distance_m": {"type": "number"},
        },
    },
}
STOP = {"name": "stop"}
FORWARD = Command("move", {"direction": "forward", "distance_m": 10})


def decide(said: str, *tools: Any, **context: Any) -> Plan:
    given_context = {"history": HISTORY, "outlook": QUOTA, **context}
    return plan(said, tools, Context(NOON, **given_context))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("What time is it?", "It is 3:05 PM."),
        ("Can you tell me the time?", "It is 3:05 PM."),
        ("What's the time", "It is 3:05 PM."),
        ("What day is it today?", "Today is Saturday, November 21, 2026."),
        ("What is today's date?", "Today is Saturday, November 21, 2026."),
        ("Repeat that, please.", "The capital of France is Paris."),
        ("What did you say?", "The capital of France is Paris."),
        ("Sorry?", "The capital of France is Paris."),
        ("I didn\u2019t hear that.", "The capital of France is Paris."),
        ("What did I just say?", "You said: Thank you."),
        ("Who are you?", ENGLISH.who),
        ("Stop.", "All right."),
        ("Please stop talking now.", "All right."),
        ("Never mind.", "All right."),
        ("Thank you very much!", "You are welcome."),
        ("Good morning.", "Hello."),
        ("", NOT_HEARD),
        ("...", NOT_HEARD),
        (
            "What is the capital of Spain?",
            "I cannot answer that now, because the quota of the Gemini service is used up.",
        ),
        (
            "What time is it in Tokyo?",
            "I cannot answer that now, because the quota of the Gemini service is used up.",
        ),
    ],
)
def test_question_is_answered_on_the_device(said: str, expected: str) -> None:
    assert decide(said, MOVE) == (SayStep(Line(expected)),)


@pytest.mark.parametrize(
    "said",
    [
        "Why are you so slow?",
        "Are you online?",
        "Are you still connected?",
        "What is wrong?",
        "What's wrong with the connection?",
        "Is the internet down?",
        "Do you have a connection?",
        "Why can't you answer?",
        "Why does your voice sound different?",
        "What happened?",
    ],
)
def test_trouble_with_the_connection_is_explained(said: str) -> None:
    assert decide(said) == (
        SayStep(
            Line(
                "I am answering from this device alone, because the quota of the Gemini service is "
                "used up. I will try again in two minutes."
            )
        ),
    )
    assert decide(said, outlook=Outlook()) == (SayStep(Line("My connection is fine.")),)


def test_command_is_carried_out() -> None:
    assert decide("Go forward ten meters.", MOVE) == (CallStep(FORWARD),)
    assert decide("Stop.", STOP) == (CallStep(Command("stop", {})),)


def test_several_commands_are_carried_out_one_after_the_other() -> None:
    assert decide("Go forward ten meters and then stop.", MOVE, STOP) == (
        CallStep(FORWARD),
        CallStep(Command("stop", {})),
    )
    assert decide("Stop, then go forward", MOVE, STOP) == (
        CallStep(Command("stop", {})),
        SayStep(Line("To move I need the distance in meters.")),
    )


def test_command_without_a_tool_is_not_claimed_to_be_done() -> None:
    assert decide("Go forward ten meters.") == (SayStep(CANNOT),)


def test_command_not_to_move_is_obeyed() -> None:
    assert decide("Do not go forward ten meters.", MOVE) == (SayStep(Line(ENGLISH.not_done)),)


def test_local_model_is_asked_only_what_the_device_cannot_answer() -> None:
    assert decide("Tell me a joke.", MOVE, has_model=True) == (ConverseStep(CANNOT),)
    assert decide("Go forward ten meters.", MOVE, has_model=True) == (CallStep(FORWARD),)
    assert decide("What time is it?", MOVE, has_model=True) == (SayStep(Line("It is 3:05 PM.")),)


def test_nothing_to_repeat_is_said() -> None:
    assert decide("Repeat that.", history=()) == (SayStep(Line("I have not said anything yet.")),)


@pytest.mark.parametrize(
    ("command", "response", "expected"),
    [
        (FORWARD, {"moved_m": 10}, "Done: move forward ten meters."),
        (FORWARD, {"error": "wheel stuck."}, "That did not work: wheel stuck."),
        (
            Command("get_battery_level", {}, asks=True),
            {"result": 80},
            "The battery level is eighty.",
        ),
        (
            Command("get_position", {}, asks=True),
            {"x_m": 1.5, "moving": False, "track": []},
            "The position is x m one point five, moving off.",
        ),
        (Command("get_name", {}, asks=True), {}, "I have no name."),
    ],
)
def test_outcome_of_a_tool_is_said(
    command: Command, response: dict[str, Any], expected: str
) -> None:
    assert outcome(command, response, ENGLISH) == Line(expected)
    assert failed(response) == ("error" in response)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
VOCABULARY = "go forward ten meters and stop what time is it repeat that why not ? ,"
SAID = st.text(max_size=60) | st.lists(st.sampled_from(VOCABULARY.split()), max_size=12).map(
    " ".join
)


@settings(max_examples=200)
@given(
    said=SAID,
    tools=st.lists(JSON, max_size=3),
    history=st.lists(
        st.tuples(st.sampled_from(["user", "model"]), st.text(max_size=9)), max_size=3
    ),
    trouble=st.sampled_from(["", *FaultClass]),
    retry_in_s=st.none() | st.floats(0, 1e9),
    has_model=st.booleans(),
)
def test_there_are_always_words(
    said: str,
    tools: list[Any],
    history: list[tuple[str, str]],
    trouble: str,
    retry_in_s: float | None,
    has_model: bool,
) -> None:
    context = Context(NOON, tuple(history), Outlook(trouble, retry_in_s), has_model)
    steps = plan(said, [*tools, MOVE, STOP], context)
    assert steps
    for step in steps:
        match step:
            case SayStep(text) | ConverseStep(text):
                assert text
            case CallStep(command):
                assert outcome(command, {}, ENGLISH)


@settings(max_examples=100)
@given(
    name=st.text(min_size=1, max_size=10),
    arguments=st.dictionaries(st.text(max_size=5), JSON, max_size=3),
    response=st.dictionaries(st.text(max_size=5) | st.just("error"), JSON, max_size=4),
    asks=st.booleans(),
)
def test_any_response_can_be_said(
    name: str, arguments: dict[str, Any], response: dict[str, Any], asks: bool
) -> None:
    assert outcome(Command(name, arguments, asks), response, ENGLISH)
