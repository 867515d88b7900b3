"""Fits a spoken command to a declared function: "go forward ten meters" to `move(...)`."""

import re
from typing import Any

from .numbers import Number, in_words, numbers_in, words

# What people say for the verbs that tools are commonly named after.
VERBS = {
    "move": {"move", "go", "drive", "walk", "roll", "run", "step", "come", "head", "travel"},
    "turn": {"turn", "rotate", "spin", "swing"},
    "stop": {"stop", "halt", "freeze", "wait"},
    "set": {"set", "make", "put", "change"},
    "switch": {"switch", "turn", "put"},
}
DIRECTIONS = {
    "forward": "forward",
    "forwards": "forward",
    "ahead": "forward",
    "backward": "backward",
    "backwards": "backward",
    "back": "backward",
    "left": "left",
    "right": "right",
    "up": "up",
    "down": "down",
}
SWITCH_WORDS = {"on": True, "off": False}
UNITS = {
    "m": "meters",
    "cm": "centimeters",
    "mm": "millimeters",
    "km": "kilometers",
    "deg": "degrees",
    "degrees": "degrees",
    "s": "seconds",
    "ms": "milliseconds",
    "min": "minutes",
    "percent": "percent",
}
Arguments = dict[str, Any]


def fit(text: str, functions: list[dict[str, Any]]) -> tuple[str, Arguments] | None:
    """The first declared function that the text commands, with its arguments."""
    for function in functions:
        arguments = _arguments(text, function)
        if arguments is not None:
            return str(function["name"]), arguments
    return None


def progress(name: str, arguments: Arguments) -> str:
    """What the robot says while it obeys: "Moving forward ten meters."."""
    verb, *rest = name.split("_")
    spoken = [_gerund(verb), *rest]
    for key, value in arguments.items():
        spoken.append(_spoken(key, value))
    return f"{' '.join(part for part in spoken if part).capitalize()}."


def _arguments(text: str, function: dict[str, Any]) -> Arguments | None:
    schema = function.get("parameters") or function.get("parametersJsonSchema") or {}
    properties: dict[str, Any] = schema.get("properties") or {}
    required = set(schema.get("required") or properties)
    tokens = words(text)
    if not _addressed(str(function["name"]), tokens):
        return None
    numbers = numbers_in(text)
    arguments: Arguments = {}
    for name, description in properties.items():
        value = _value(name, description, tokens, numbers)
        if value is not None:
            arguments[name] = value
        elif name in required:
            return None
    return arguments


def _addressed(function_name: str, tokens: list[str]) -> bool:
    verb, *rest = function_name.lower().split("_")
    spoken = VERBS.get(verb, {verb})
    return any(token in spoken for token in tokens) and all(word in tokens for word in rest)


def _value(
    name: str, description: dict[str, Any], tokens: list[str], numbers: list[Number]
) -> Any | None:
    choices = description.get("enum")
    if choices:
        return _choice(choices, tokens)
    match str(description.get("type", "")).lower():
        case "number" | "integer":
            if not numbers:
                return None
            return numbers.pop(0)
        case "boolean":
            return next((SWITCH_WORDS[token] for token in tokens if token in SWITCH_WORDS), None)
        case "string" if "direction" in name.lower():
            return next((DIRECTIONS[token] for token in tokens if token in DIRECTIONS), None)
    return None


def _choice(choices: list[Any], tokens: list[str]) -> Any | None:
    for choice in choices:
        wanted = words(str(choice).replace("_", " "))
        if wanted and all(word in tokens for word in wanted):
            return choice
    spoken = {DIRECTIONS[token] for token in tokens if token in DIRECTIONS}
    return next(
        (choice for choice in choices if DIRECTIONS.get(str(choice).lower()) in spoken), None
    )


def _gerund(verb: str) -> str:
    if re.search(r"[^aeiou]e$", verb):
        return f"{verb[:-1]}ing"
    if re.search(r"[^aeiou][aeiou][bdgmnpt]$", verb):
        return f"{verb}{verb[-1]}ing"
    return f"{verb}ing"


def _spoken(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int | float):
        unit = UNITS.get(key.rsplit("_", 1)[-1], "")
        return f"{in_words(value)} {unit[:-1] if value == 1 and unit else unit}".strip()
    return str(value).replace("_", " ")
