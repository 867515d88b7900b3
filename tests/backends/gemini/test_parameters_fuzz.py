"""Whatever JSON Schema a tool has, what is declared of it is what the service takes."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from fuzzing import FUZZ, any_value, seeds
from google.genai import types
from hypothesis import given

from actors.backends.gemini.parameters import ANYTHING, parameters_of
from actors.backends.gemini.wire import check_functions, read

TEXT = {"type": "STRING"}
ISSUE = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
TREE = {
    "type": "object",
    "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}},
}


def one(schema: Any, **document: Any) -> Any:
    """What becomes of the schema of one argument."""
    made = parameters_of({"type": "object", "properties": {"x": schema}, **document})
    assert made is not None
    return made["properties"]["x"]


CASES: list[tuple[Any, Any]] = [
    ({"type": "string", "additionalProperties": False, "$schema": "http://x", "title": "X"}, TEXT),
    ({"type": "STRING", "minLength": 1, "maxLength": -1}, {**TEXT, "minLength": 1}),
    (
        {"type": ["string", "null"], "description": "d"},
        {**TEXT, "description": "d", "nullable": True},
    ),
    ({"type": ["string", "integer"]}, {"anyOf": [TEXT, {"type": "INTEGER"}]}),
    (
        {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        {**TEXT, "nullable": True},
    ),
    (
        {"oneOf": [{"const": "a"}, {"enum": ["b", ""]}], "description": "d"},
        {
            "anyOf": [
                {**TEXT, "format": "enum", "enum": ["a"], "description": "d"},
                {**TEXT, "format": "enum", "enum": ["b"]},
            ]
        },
    ),
    (
        {"allOf": [{"$ref": "#/$defs/Issue"}, {"properties": {"n": {"type": "integer"}}}]},
        {
            "type": "OBJECT",
            "properties": {"n": {"type": "INTEGER"}, "id": TEXT},
            "required": ["id"],
        },
    ),
    ({"type": "string", "format": "uri"}, {**TEXT, "description": "Format: uri."}),
    ({"type": "string", "format": ["uri"]}, TEXT),
    ({"type": "string", "format": "date-time"}, {**TEXT, "format": "date-time"}),
    (
        {"type": "integer", "exclusiveMinimum": 0, "maximum": 9},
        {"type": "INTEGER", "minimum": 1, "maximum": 9},
    ),
    ({"type": "number", "exclusiveMinimum": True, "minimum": float("nan")}, {"type": "NUMBER"}),
    (
        {"type": "integer", "const": 5},
        {"type": "INTEGER", "minimum": 5, "maximum": 5, "description": "One of: [5]."},
    ),
    ({"type": "integer", "maximum": 10**500}, {"type": "INTEGER"}),
    ({"type": "boolean", "default": True}, {"type": "BOOLEAN", "description": "Default: true."}),
    ({"type": "array"}, {"type": "ARRAY", "items": ANYTHING}),
    ({"type": "array", "items": {}}, {"type": "ARRAY", "items": ANYTHING}),
    (
        {"type": "array", "items": True, "minItems": 2},
        {"type": "ARRAY", "items": ANYTHING, "minItems": 2},
    ),
    (
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}]},
        {"type": "ARRAY", "items": {"anyOf": [TEXT, {"type": "NUMBER"}]}},
    ),
    ({"type": "object", "patternProperties": {"^a": {}}}, {"type": "OBJECT"}),
    ({"type": "object", "required": ["port"]}, {"type": "OBJECT"}),
    ({}, ANYTHING),
    (True, ANYTHING),
    ({"$ref": "https://elsewhere/schema.json"}, ANYTHING),
    ({"$ref": "#/$defs/None"}, ANYTHING),
    ({"$ref": "#/$defs/Loop"}, ANYTHING),
    (
        {"$ref": "#/$defs/Issue", "description": "d"},
        {"type": "OBJECT", "properties": {"id": TEXT}, "required": ["id"], "description": "d"},
    ),
    (
        {"$ref": "#/$defs/Tree"},
        {
            "type": "OBJECT",
            "properties": {"children": {"type": "ARRAY", "items": {"type": "OBJECT"}}},
        },
    ),
]


@pytest.mark.parametrize(("schema", "made"), CASES)
def test_an_argument_keeps_what_has_a_form(schema: Any, made: Any) -> None:
    definitions = {"Issue": ISSUE, "Tree": TREE, "Loop": {"$ref": "#/$defs/Loop"}}
    assert one(schema, **{"$defs": definitions}) == made


@pytest.mark.parametrize(
    "schema",
    [None, [], {}, {"type": "object"}, {"type": "object", "properties": {}}, {"type": "string"}],
)
def test_a_function_without_arguments_declares_none(schema: Any) -> None:
    assert parameters_of(schema) is None


def test_alternatives_of_arguments_become_one_object() -> None:
    by_name = {"properties": {"name": {"type": "string"}}, "required": ["name"]}
    by_id = {"properties": {"id": {"type": "integer"}}, "required": ["id"]}
    made = parameters_of({"oneOf": [by_name, by_id], "required": ["all"]})
    assert made is not None
    assert sorted(made["properties"]) == ["id", "name"]
    assert "required" not in made


def test_references_that_multiply_end() -> None:
    level = {
        f"L{n}": {"properties": {k: {"$ref": f"#/$defs/L{n + 1}"} for k in "abcdef"}}
        for n in range(30)
    }
    made = one({"$ref": "#/$defs/L0"}, **{"$defs": level})
    assert len(json.dumps(made)) < 1_000_000
    taken(made)


def taken(made: Any) -> None:
    """What the service checks, as far as it is known, and the SDK before it."""
    function = {"name": "f", "parameters": made}
    declared = types.FunctionDeclaration.model_validate(function).model_dump(
        mode="json", exclude_none=True, by_alias=True
    )
    check_functions([read("Tool", {"functionDeclarations": [declared]})], "Setup")


KEYWORDS = [
    "properties", "patternProperties", "$defs", "items", "prefixItems", "anyOf", "oneOf", "allOf",
    "not", "$ref", "type", "enum", "const", "required", "format", "minimum", "exclusiveMaximum",
    "additionalProperties", "nullable", "minItems", "default", "description", "title",
]  # fmt: skip
NAMED = ("string", "object", "array", "integer", "number", "null", "boolean", "OBJECT", "file")


def any_schema(rng: random.Random, depth: int = 0) -> Any:
    if depth > 4 or rng.random() < 0.1:
        return any_value(rng)
    made: dict[str, Any] = {}
    for keyword in rng.sample(KEYWORDS, rng.randrange(5)):
        if keyword in {"properties", "patternProperties", "$defs"}:
            made[keyword] = {name: any_schema(rng, depth + 1) for name in rng.sample("ab\udc00", 2)}
        elif keyword in {"anyOf", "oneOf", "allOf", "prefixItems"}:
            made[keyword] = [any_schema(rng, depth + 1) for _ in range(rng.randrange(4))]
        elif keyword in {"items", "not"}:
            made[keyword] = any_schema(rng, depth + 1)
        else:
            refs = ("#", "#/", "#/$defs/a", "#/properties/a", "#/$defs/b/allOf/0")
            made[keyword] = rng.choice(
                [any_value(rng), rng.choice(NAMED), rng.choice(refs), ["a", "null"], 3]
            )
    return made


@FUZZ
@given(seeds())
def test_whatever_the_schema_what_is_declared_is_taken(rng: random.Random) -> None:
    made = parameters_of(any_schema(rng))
    if made is not None:
        taken(made)
