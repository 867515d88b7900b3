"""A value that fits a schema, made from what was said: deterministic, and as small as allowed."""

import json
import math
import re
from dataclasses import dataclass
from itertools import islice
from typing import Any

from actors.lib.speech.numbers import Number, numbers_in

# A schema that contains itself ends here: what is not required is left out, lists stay empty.
MAX_DEPTH = 5
# Far more than an answer has; a schema that branches into itself would have no end.
MAX_VALUES = 5_000
# Longer than any answer; a schema may ask for more than there is memory.
MAX_LETTERS = 100_000
# JSON that nobody has described.
FREE: dict[str, Any] = {"properties": {"answer": {"type": "STRING"}}}
# Braces of an instruction that are tried for a schema: hostile ones are many.
MAX_TRIES = 200
# Values of the formats that JSON Schema and OpenAPI name; any other format takes the text.
FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT1M",
    "email": "somebody@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}

Schema = dict[str, Any]


@dataclass
class _Material:
    """What a value is made from, and how many values may still be made."""

    text: str
    heard: str
    numbers: list[Number]
    definitions: Schema
    left: int = MAX_VALUES


def instance(schema: Schema, text: str, heard: str) -> Any:
    """A value of the schema (JSON Schema, or the subset of OpenAPI that Gemini takes).

    Args:
        schema: Checked already; what it does not say is free.
        text: Goes where a text is wanted.
        heard: Chooses among the values of an enum, and gives the numbers.
    """
    definitions = {**_mapping(schema, "definitions"), **_mapping(schema, "$defs")}
    material = _Material(text, heard.casefold(), numbers_in(heard), definitions)
    return _value(schema, material, 0)


def schema_in(instruction: str) -> Schema:
    """The schema that an instruction shows, as agents do that have no other way to ask for one."""
    decoder = json.JSONDecoder()
    for found in islice(re.finditer(r"\{", instruction), MAX_TRIES):
        try:
            value, _ = decoder.raw_decode(instruction, found.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and isinstance(value.get("properties"), dict):
            return value
    return FREE


def as_json(value: Any) -> str:
    """As the model writes it."""
    return json.dumps(value, ensure_ascii=False)


def _value(schema: Any, material: _Material, depth: int) -> Any:
    material.left -= 1
    if not isinstance(schema, dict) or depth > 3 * MAX_DEPTH:
        return material.text
    schema = _resolved(schema, material)
    if "const" in schema:
        return schema["const"]
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return _choice(schema["enum"], material.heard)
    for name in ("anyOf", "oneOf"):
        if isinstance(schema.get(name), list) and schema[name]:
            return _value(_first_real(schema[name]), material, depth + 1)
    match _type(schema):
        case "object":
            return _object(schema, material, depth)
        case "array":
            return _array(schema, material, depth)
        case "string":
            return _string(schema, material.text)
        case "integer":
            return int(_number(schema, material, whole=True))
        case "number":
            return _number(schema, material, whole=False)
        case "boolean":
            return True
        case "null":
            return None
    return material.text


def _resolved(schema: Schema, material: _Material, level: int = 0) -> Schema:
    for _ in range(MAX_DEPTH):
        name = schema.get("$ref", schema.get("ref"))
        if not isinstance(name, str):
            break
        target = material.definitions.get(name.rpartition("/")[2])
        rest = {key: value for key, value in schema.items() if key not in ("$ref", "ref")}
        schema = {**(target if isinstance(target, dict) else {}), **rest}
    parts = schema.get("allOf")
    if isinstance(parts, list) and level < MAX_DEPTH:
        merged = {key: value for key, value in schema.items() if key != "allOf"}
        for part in parts:
            if isinstance(part, dict):
                merged = _merged(merged, _resolved(part, material, level + 1))
        return merged
    return schema


def _merged(one: Schema, other: Schema) -> Schema:
    result = {**one, **other}
    result["properties"] = {**_mapping(one, "properties"), **_mapping(other, "properties")}
    result["required"] = [*_list(one, "required"), *_list(other, "required")]
    return {name: value for name, value in result.items() if value not in ({}, [])}


def _type(schema: Schema) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = [each for each in kind if isinstance(each, str)]
        real = [each for each in kind if str(each).lower() != "null"]
        kind = real[0] if real else "null"
    if isinstance(kind, str):
        return kind.lower()
    if "properties" in schema or "additionalProperties" in schema:
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else "string"


def _first_real(options: list[Any]) -> Any:
    real = [each for each in options if isinstance(each, dict) and _type(each) != "null"]
    return (real or options)[0]


def _object(schema: Schema, material: _Material, depth: int) -> dict[str, Any]:
    properties, required = _mapping(schema, "properties"), _list(schema, "required")
    ordered = [name for name in _list(schema, "propertyOrdering") if isinstance(name, str)]
    names = [name for name in dict.fromkeys(ordered) if name in properties]
    names += [name for name in properties if name not in names]
    if depth >= MAX_DEPTH:
        names = [name for name in names if name in required]
    if material.left <= 0 or depth >= 2 * MAX_DEPTH:
        return {}
    return {name: _value(properties[name], material, depth + 1) for name in names}


def _array(schema: Schema, material: _Material, depth: int) -> list[Any]:
    least = _whole(schema.get("minItems"), 0)
    if material.left <= 0 or (depth >= MAX_DEPTH and not least):
        return []
    first = [_value(each, material, depth + 1) for each in _list(schema, "prefixItems")]
    count = max(least, 0 if first else 1)
    count = min(count, _whole(schema.get("maxItems"), count), MAX_VALUES)
    items = schema.get("items") or {}
    return first + [_value(items, material, depth + 1) for _ in range(count - len(first))]


def _string(schema: Schema, text: str) -> str:
    value = FORMATS.get(str(schema.get("format")), text)
    least = min(_whole(schema.get("minLength"), 0), MAX_LETTERS)
    most = max(_whole(schema.get("maxLength"), len(value)), least, 0)
    return value.ljust(least, ".")[:most]


def _number(schema: Schema, material: _Material, *, whole: bool) -> float:
    least = _bound(schema, "minimum", "exclusiveMinimum", 1 if whole else 0.5)
    most = _bound(schema, "maximum", "exclusiveMaximum", -1 if whole else -0.5)
    heard = [each for each in material.numbers if not whole or each == int(each)]
    fitting = [
        each
        for each in heard
        if (least is None or each >= least) and (most is None or each <= most)
    ]
    value = fitting[0] if fitting else 1
    if least is not None:
        value = max(value, least)
    return value if most is None else min(value, most)


def _bound(schema: Schema, name: str, exclusive: str, step: float) -> float | None:
    beyond = _finite(schema.get(exclusive))
    return _finite(schema.get(name)) if beyond is None else beyond + step


def _finite(value: Any) -> float | None:
    try:
        number = None if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number is not None and math.isfinite(number) else None


def _choice(values: list[Any], heard: str) -> Any:
    named = [each for each in values if isinstance(each, str) and each.casefold() in heard]
    return (named or values)[0]


def _whole(value: Any, default: int) -> int:
    try:
        return default if value is None else int(value)
    except (TypeError, ValueError, OverflowError):
        return default


def _mapping(schema: Schema, name: str) -> Schema:
    """A field of a JSON Schema that should be an object: nobody has checked it."""
    value = schema.get(name)
    return value if isinstance(value, dict) else {}


def _list(schema: Schema, name: str) -> list[Any]:
    value = schema.get(name)
    return [each for each in value if each is not None] if isinstance(value, list) else []
