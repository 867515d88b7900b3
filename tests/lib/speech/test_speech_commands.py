"""Commands to tools in what was said."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.lib.speech.commands import Command, spoken, understand


def tool(name: str, required: list[str] | None = None, **properties: Any) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required is not None:
        schema["required"] = required
    return {"name": name, "description": "", "parameters": schema}


MOVE = tool(
    "move",
    direction={"type": "string", "enum": ["forward", "backward", "left", "right"]},
    distance_m={"type": "number", "exclusiveMinimum": 0, "maximum": 100},
)
TURN = tool("turn", direction={"enum": ["left", "right"]}, angle_deg={"type": "number"})
LAMP = tool(
    "switch_light",
    room={"type": "STRING", "enum": ["kitchen", "living_room", "room"]},
    on={"type": "BOOLEAN"},
)
STOP = tool("stop")
BATTERY = {"name": "get_battery_level", "description": "", "parameters": {}}
WEATHER = tool("get_weather", city={"type": "string"})
SPEED = tool("set_speed", percent={"type": "integer", "minimum": 0, "maximum": 100})
HEATER = tool("heater", on={"type": "boolean"})
SONG = tool("play_song", title={"type": "string"})
CAMERA = tool(
    "lookAt",
    side={"$ref": "#/$defs/Side"},
    duration={"anyOf": [{"type": "number"}, {"type": "null"}], "default": None},
)
CAMERA["parameters"]["$defs"] = {"Side": {"enum": ["up", "down"], "type": "string"}}
TOOLS = [MOVE, TURN, LAMP, STOP, BATTERY, WEATHER, SPEED, HEATER, SONG]

FORWARD_TEN = ("move", {"direction": "forward", "distance_m": 10})


def commands(text: str, *tools: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(c.tool, c.arguments) for c in understand(text, tools or TOOLS).commands]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Go forward ten meters.", FORWARD_TEN),
        ("go forward, ten meters", FORWARD_TEN),
        # A pause is a full stop for who writes down what is heard, and cuts words short.
        ("Go forward. Ten meters.", FORWARD_TEN),
        ("Go forward ten. Meters.", FORWARD_TEN),
        ("Go forward, tent. Meters.", FORWARD_TEN),
        ("Robot, could you please drive straight ahead 10 metres?", FORWARD_TEN),
        ("Marvin go forward ten", FORWARD_TEN),
        ("I want you to move forward ten meters, Marvin", FORWARD_TEN),
        ("No, go left 3m", ("move", {"direction": "left", "distance_m": 3})),
        ("back up fifty centimeters", ("move", {"direction": "backward", "distance_m": 0.5})),
        ("Move half a meter to the left", ("move", {"direction": "left", "distance_m": 0.5})),
        (
            "walk two and a half meters forward",
            ("move", {"direction": "forward", "distance_m": 2.5}),
        ),
        ("Turn left 90\u00b0.", ("turn", {"direction": "left", "angle_deg": 90})),
        ("turn right minus ten degrees", ("turn", {"direction": "right", "angle_deg": -10})),
        ("Turn off the kitchen light.", ("switch_light", {"room": "kitchen", "on": False})),
        (
            "Please turn the lights on in the living room",
            ("switch_light", {"room": "living_room", "on": True}),
        ),
        ("Stop!", ("stop", {})),
        ("set the speed to fifty percent", ("set_speed", {"percent": 50})),
        ("turn the heater on", ("heater", {"on": True})),
        ("What is the battery level?", ("get_battery_level", {})),
        ("How's the weather in Paris?", ("get_weather", {"city": "paris"})),
        ("play song two of us", ("play_song", {"title": "two of us"})),
    ],
)
def test_command_is_understood(said: str, expected: tuple[str, dict[str, Any]]) -> None:
    assert commands(said) == [expected]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "Turn left ninety degrees and go forward two meters.",
            [
                ("turn", {"direction": "left", "angle_deg": 90}),
                ("move", {"direction": "forward", "distance_m": 2}),
            ],
        ),
        (
            "go forward two meters and back three, then stop",
            [
                ("move", {"direction": "forward", "distance_m": 2}),
                ("move", {"direction": "backward", "distance_m": 3}),
                ("stop", {}),
            ],
        ),
        (
            "Turn on the light in the kitchen and the living room",
            [
                ("switch_light", {"room": "kitchen", "on": True}),
                ("switch_light", {"room": "living_room", "on": True}),
            ],
        ),
        (
            "go left one hundred meters. Turn right five degrees.",
            [
                ("move", {"direction": "left", "distance_m": 100}),
                ("turn", {"direction": "right", "angle_deg": 5}),
            ],
        ),
    ],
)
def test_commands_of_a_sentence_come_one_after_the_other(
    said: str, expected: list[tuple[str, dict[str, Any]]]
) -> None:
    assert commands(said) == expected


@pytest.mark.parametrize(
    "said",
    [
        "Ten of clubs.",
        "I go forward ten meters",
        "The move forward two meters was great",
        "Trains often go forward ten meters",
        "If you see me, go forward ten meters",
        "go forward ten meters when I say so",
        "did you move forward ten meters",
        "come here",
        "wait a second",
        "what is on the left",
    ],
)
def test_what_is_no_command_moves_nothing(said: str) -> None:
    assert commands(said) == []


@pytest.mark.parametrize(
    "said",
    [
        "Don't go forward ten meters.",
        "You must not move left two meters",
        "never turn left ninety degrees",
        "go forward ten meters, no",
    ],
)
def test_command_not_to_do_something_is_noticed(said: str) -> None:
    understood = understand(said, TOOLS)
    assert understood.commands == ()
    assert understood.refused


@pytest.mark.parametrize(
    ("said", "lacking"),
    [
        ("go forward", "To move I need the distance in meters."),
        (
            "move",
            "To move I need the direction, forward, backward, left or right and the "
            "distance in meters.",
        ),
        (
            "go forward two hundred meters",
            "To move I need a distance of at most one hundred meters.",
        ),
        ("go back minus two meters", "To move I need a distance of more than zero meters."),
        ("turn left or right ten degrees", "To turn I need one direction, left or right."),
        (
            "go forward ten meters in five seconds",
            "I do not know what to do with five seconds there.",
        ),
        ("go back one hundred, five", "I do not know what to do with five there."),
        ("set the speed to 2.5 percent", "To set speed I need a whole number for the percent."),
    ],
)
def test_what_a_command_lacks_is_said(said: str, lacking: str) -> None:
    understood = understand(said, TOOLS)
    assert (understood.commands, understood.lacking) == ((), lacking)


@pytest.mark.parametrize(
    "said",
    [
        "Go forward. What time is it?",
        "Go forward. Do not go ten meters.",
        "Go forward. If you can, ten meters.",
        "Go forward. The tent is ten meters wide.",
    ],
)
def test_another_sentence_does_not_complete_a_command(said: str) -> None:
    assert understand(said, TOOLS).commands == ()


def test_what_follows_an_incomplete_command_is_left_out() -> None:
    understood = understand("turn left ten degrees, go forward and turn right ten degrees", TOOLS)
    assert understood.commands == (Command("turn", {"direction": "left", "angle_deg": 10}),)
    assert understood.lacking == "To move I need the distance in meters."


def test_angle_is_no_distance() -> None:
    assert commands("go left ninety degrees", MOVE) == []


def test_schema_with_references_and_optional_values_is_read() -> None:
    assert commands("look up", CAMERA) == [("lookAt", {"side": "up"})]
    assert commands("look down for two minutes", CAMERA) == [
        ("lookAt", {"side": "down", "duration": 120})
    ]


def test_command_is_said_in_words() -> None:
    assert spoken(*FORWARD_TEN) == "move forward ten meters"
    assert spoken("turn_arm", {"angle_deg": 1.0, "on": False}) == "turn arm one degree off"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "parameters",
                    "properties",
                    "required",
                    "type",
                    "enum",
                    "x",
                    "anyOf",
                    "$ref",
                    "$defs",
                    "const",
                    "minimum",
                    "default",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
VOCABULARY = (
    "go forward left ten two hundred and , . a half meters degrees turn the light on off move not "
    "please stop then get battery level of minus point kitchen x"
)
WORDS = st.lists(st.sampled_from(VOCABULARY.split()), max_size=20).map(" ".join)


@settings(max_examples=150)
@given(said=WORDS | st.text(max_size=40), offer=st.lists(JSON, max_size=4))
def test_no_words_and_no_schema_are_too_strange(said: str, offer: list[Any]) -> None:
    understand(said, [*TOOLS, *offer])
    understand(said, offer)


@settings(max_examples=150)
@given(said=WORDS)
def test_every_command_fits_its_schema(said: str) -> None:
    for name, arguments in commands(said):
        schema = next(t for t in TOOLS if t["name"] == name).get("parameters") or {}
        properties = schema.get("properties", {})
        assert arguments.keys() == properties.keys()
        for key, value in arguments.items():
            assert value in properties[key].get("enum", [value])
            assert 0 < value <= 100 if key == "distance_m" else True
