"""Command grammar: how a tool is spoken to, from its name and the JSON Schema of its parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from actors.lib.speech.numbers import in_words, words
from actors.lib.speech.vocabulary import (
    KINDS_BY_NAME,
    QUESTION_VERBS,
    SPOKEN_UNITS,
    SYNONYMS,
    UNITS,
)

FILLER_IN_NAMES = {"robot", "tool", "to", "the", "by", "a", "at", "for", "of", "with"}
SETTERS = SYNONYMS["set"] | SYNONYMS["switch"]


class ParameterKind(Enum):
    """What is said for a parameter."""

    CHOICE = auto()
    NUMBER = auto()
    SWITCH = auto()
    TEXT = auto()
    UNSPEAKABLE = auto()

    @property
    def is_amount(self) -> bool:
        """Whether it has to be said anew for each command."""
        return self in {ParameterKind.NUMBER, ParameterKind.TEXT}


@dataclass(frozen=True)
class Parameter:
    """One parameter; `unit` is a word of `UNITS` or empty, the limits are in that unit."""

    name: str
    kind: ParameterKind
    required: bool
    choices: tuple[Any, ...] = ()
    whole: bool = False
    unit: str = ""
    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None

    @property
    def spoken(self) -> str:
        """What has to be said, as a noun."""
        noun = " ".join(name_words(self.name, without_unit=True)) or "value"
        if self.kind is ParameterKind.CHOICE:
            return f"{noun}, {either([str(choice) for choice in self.choices[:6]])}"
        unit = SPOKEN_UNITS.get(self.unit, self.unit)
        return f"{noun} in {unit}" if unit and unit not in noun else noun

    def complaint(self, value: float) -> str:
        """What is needed instead if the value is out of the limits; empty if it is not."""
        unit = SPOKEN_UNITS.get(self.unit, self.unit)
        for limit, wrong, how in (
            (self.least, self.least is not None and value < self.least, "at least"),
            (self.above, self.above is not None and value <= self.above, "more than"),
            (self.most, self.most is not None and value > self.most, "at most"),
            (self.below, self.below is not None and value >= self.below, "less than"),
        ):
            if wrong and limit is not None:
                noun = self.spoken.removesuffix(f" in {unit}")
                return f"a {noun} of {how} {in_words(limit)} {unit}".strip()
        return ""


@dataclass(frozen=True)
class SpokenTool:
    """`verbs` begin a command, all of `objects` are named in it."""

    name: str
    verbs: frozenset[str]
    objects: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    asks: bool


def read_tools(offer: Iterable[object]) -> list[SpokenTool]:
    """The tools that can be spoken to; anything that is no tool is left out."""
    tools = []
    for item in offer:
        if isinstance(item, Mapping) and isinstance(item.get("name"), str) and item["name"]:
            tools += _readings(item["name"], _parameters(item))
    return tools


def name_words(name: str, without_unit: bool = False) -> list[str]:
    """`setLight_level` and `set-light.level` become "set light level"."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    found = words(re.sub(r"[^A-Za-z0-9]+", " ", parted))
    return found[:-1] if without_unit and len(found) > 1 and found[-1] in UNITS else found


def either(names: list[str]) -> str:
    """`a, b or c`, as spoken."""
    spoken = [name.replace("_", " ") for name in names]
    return f"{', '.join(spoken[:-1])} or {spoken[-1]}" if len(spoken) > 1 else "".join(spoken)


def _readings(name: str, parameters: tuple[Parameter, ...]) -> list[SpokenTool]:
    parts = [word for word in name_words(name) if word not in FILLER_IN_NAMES]
    if not parts or any(
        each.required and each.kind is ParameterKind.UNSPEAKABLE for each in parameters
    ):
        return []
    parameters = tuple(each for each in parameters if each.kind is not ParameterKind.UNSPEAKABLE)
    verb = next((word for word in parts if word in SYNONYMS or word in QUESTION_VERBS), None)
    objects = tuple(word for word in parts if word != (verb or parts[0]))
    said = SYNONYMS.get(verb or parts[0], frozenset({verb or parts[0]}))
    found = [SpokenTool(name, said, objects, parameters, asks=verb in QUESTION_VERBS)]
    if verb is None and parameters:
        # `light(on)` names a thing: it is switched or set.
        found.append(SpokenTool(name, SETTERS, tuple(parts), parameters, asks=False))
    return found


def _parameters(tool: Mapping[str, Any]) -> tuple[Parameter, ...]:
    schema = tool.get("parameters") or tool.get("parametersJsonSchema")
    if not isinstance(schema, Mapping):
        return ()
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return ()
    required = schema.get("required")
    # Hand-written schemas leave `required` out when they mean all.
    needed = {str(each) for each in required} if isinstance(required, list) else set(properties)
    return tuple(
        _parameter(str(name), _resolved(description, schema), str(name) in needed)
        for name, description in properties.items()
    )


def _resolved(description: object, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Follows one `$ref` into `$defs`, and takes the one alternative that is not null."""
    found = dict(description) if isinstance(description, Mapping) else {}
    reference = found.get("$ref")
    definitions = schema.get("$defs")
    if isinstance(reference, str) and isinstance(definitions, Mapping):
        target = definitions.get(reference.rpartition("/")[2])
        found |= target if isinstance(target, Mapping) else {}
    alternatives = found.get("anyOf")
    if isinstance(alternatives, list):
        real = [a for a in alternatives if isinstance(a, Mapping) and a.get("type") != "null"]
        found |= real[0] if len(real) == 1 else {}
        if "$ref" in found and reference is None:
            return _resolved({"$ref": found["$ref"]}, schema)
    return found


def _parameter(name: str, schema: dict[str, Any], required: bool) -> Parameter:
    required = required and "default" not in schema
    choices = [schema["const"]] if "const" in schema else schema.get("enum")
    if isinstance(choices, list) and choices:
        plain = tuple(each for each in choices if isinstance(each, str | int | float))
        kind = ParameterKind.CHOICE if plain else ParameterKind.UNSPEAKABLE
        return Parameter(name, kind, required, choices=plain)
    match str(schema.get("type", "")).lower():
        case "number" | "integer" as type_:
            return Parameter(
                name,
                ParameterKind.NUMBER,
                required,
                whole=type_ == "integer",
                unit=_unit(name, str(schema.get("description", ""))),
                least=_limit(schema, "minimum"),
                most=_limit(schema, "maximum"),
                above=_limit(schema, "exclusiveMinimum"),
                below=_limit(schema, "exclusiveMaximum"),
            )
        case "boolean":
            return Parameter(name, ParameterKind.SWITCH, required)
        case "string" if "direction" in name.lower():
            return Parameter(
                name,
                ParameterKind.CHOICE,
                required,
                ("forward", "backward", "left", "right", "up", "down"),
            )
        case "string":
            return Parameter(name, ParameterKind.TEXT, required)
    return Parameter(name, ParameterKind.UNSPEAKABLE, required)


def _unit(name: str, description: str) -> str:
    parts = name_words(name)
    if len(parts) > 1 and parts[-1] in UNITS:
        return parts[-1]
    plurals = (w for w in (*parts, *words(description)) if w in {*SPOKEN_UNITS.values(), "metres"})
    if unit := next(plurals, ""):
        return unit
    return next((KINDS_BY_NAME[word] for word in parts if word in KINDS_BY_NAME), "")


def _limit(schema: dict[str, Any], key: str) -> float | None:
    value = schema.get(key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
