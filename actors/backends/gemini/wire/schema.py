"""The messages of the protocol and their fields, read from `schema.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from pathlib import Path
from typing import Any

from actors.backends.gemini.wire.encoding import snake_case

SCALARS = frozenset({"string", "bytes", "bool", "int32", "int64", "float", "duration"})
WELL_KNOWN = frozenset({"Struct", "Value"})
VERSIONS = ("v1", "v1beta", "v1alpha")


class Shape(Enum):
    """How many values a field holds."""

    ONE = auto()
    MANY = auto()
    MAP = auto()


@dataclass(frozen=True)
class Field:
    """One field: `type` is a scalar, `Struct`, `Value`, an enum or a message.

    `snake` is the name as error paths spell it.
    """

    name: str
    snake: str
    type: str
    shape: Shape
    versions: tuple[str, ...]
    oneof: str = ""


@dataclass(frozen=True)
class Message:
    """A message type; `by_name` has both spellings of each field."""

    name: str
    fields: Mapping[str, Field]
    by_name: Mapping[str, Field]


@dataclass(frozen=True)
class Schema:
    """All message types and enums."""

    messages: Mapping[str, Message]
    enums: Mapping[str, tuple[str, ...]]


@cache
def schema() -> Schema:
    """The table, read once."""
    text = Path(__file__).with_name("schema.toml").read_text(encoding="utf-8")
    return parse_schema(tomllib.loads(text))


def parse_schema(table: dict[str, Any]) -> Schema:
    """Raises ValueError for a field of a type that is not in the table."""
    enums = {name: tuple(values) for name, values in table["enums"].items()}
    oneofs = {
        (message, name): group
        for message, groups in table["oneofs"].items()
        for group, names in groups.items()
        for name in names
    }
    messages: dict[str, Message] = {}
    for message, given in table["messages"].items():
        fields = {
            name: _field(message, name, text, oneofs.get((message, name), ""), table["versions"])
            for name, text in given.items()
        }
        by_name = fields | {each.snake: each for each in fields.values()}
        messages[message] = Message(message, fields, by_name)
    known = SCALARS | WELL_KNOWN | enums.keys() | messages.keys()
    for entry in messages.values():
        for each in entry.fields.values():
            if each.type not in known:
                raise ValueError(f"{entry.name}.{each.name} has the unknown type {each.type!r}")
    return Schema(messages, enums)


def _field(
    message: str, name: str, text: str, oneof: str, versions: Mapping[str, list[str]]
) -> Field:
    shape = Shape.ONE
    if text.endswith("*"):
        shape, text = Shape.MANY, text[:-1]
    elif text.startswith("map "):
        shape, text = Shape.MAP, text[4:]
    allowed = tuple(versions.get(f"{message}.{name}", VERSIONS))
    return Field(name, snake_case(name), text, shape, allowed, oneof)
