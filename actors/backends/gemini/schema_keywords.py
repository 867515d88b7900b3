"""JSON Schema as people write it: what a keyword says, if it says anything that makes sense."""

from __future__ import annotations

import json
from typing import Any, TypeGuard

Schema = dict[str, Any]

GREATEST_COUNT = 2**31 - 1
"""`int32`; no list and no text of a tool call is as long."""
GREATEST_BOUND = 1e15
"""The service keeps bounds as 32-bit floats; larger ones are there for form's sake."""
MOST_SHOWN_CHARS = 80
"""Of a value that is told in words."""


def kinds_of(schema: Schema) -> list[str]:
    """The types that a value may have, in lower case."""
    given = schema.get("type")
    names = given if isinstance(given, list) else [given]
    kinds = [each.lower() for each in names if isinstance(each, str)]
    if kinds:
        return [*kinds, "null"] if schema.get("nullable") is True else kinds
    for key, kind in (("properties", "object"), ("items", "array"), ("prefixItems", "array")):
        if key in schema:
            return [kind]
    return list(dict.fromkeys(_kind_of(each) for each in values_of(schema)))


def _kind_of(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"


def values_of(schema: Schema) -> list[Any]:
    """The only values there may be; none: any."""
    if "const" in schema:
        return [schema["const"]]
    given = schema.get("enum")
    return given if isinstance(given, list) else []


def bounds_of(schema: Schema, *, whole: bool) -> Schema:
    """`minimum` and `maximum` of a number, by all that limits it."""
    least, most = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    step = 1 if whole else 0
    values = [each for each in values_of(schema) if is_bound(each)]
    lows = [least, above + step if is_bound(above) else None, min(values, default=None)]
    highs = [most, below - step if is_bound(below) else None, max(values, default=None)]
    made: Schema = {}
    if low := [each for each in lows if is_bound(each)]:
        made["minimum"] = max(low)
    if high := [each for each in highs if is_bound(each)]:
        made["maximum"] = min(high)
    return made


def shown(value: object) -> str:
    """A value as JSON, cut short."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return "see above"
    return text if len(text) <= MOST_SHOWN_CHARS else f"{text[:MOST_SHOWN_CHARS]} ..."


def schemas_in(given: object) -> list[Schema]:
    """The schemas in a list; none if it is none."""
    return [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []


def is_texts(given: object) -> TypeGuard[list[str]]:
    """Whether it is a list of texts."""
    return isinstance(given, list) and all(isinstance(each, str) for each in given)


def is_count(value: object) -> bool:
    """Whether it is a number of things."""
    if isinstance(value, bool) or not isinstance(value, int):
        return False
    return 0 <= value <= GREATEST_COUNT


def is_bound(value: object) -> TypeGuard[float]:
    """Whether it is a number that can be a bound."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    # False of NaN as well; of an integer too large for a float it is still told.
    return abs(value) <= GREATEST_BOUND
