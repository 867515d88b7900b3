"""Values that fit a schema, checked with a validator that is not ours."""

import json
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from actors.simulator.structured import MAX_VALUES, instance, schema_in

HEARD = "I want three large pizzas for Bob, for 12.5 euros"
TEXT = "You said: something."


class Pizza(BaseModel):
    size: Literal["small", "large"]
    count: int = Field(ge=1, le=5)
    price: float
    tags: list[str] = Field(min_length=2, max_length=3)
    note: str | None
    extra: dict[str, int] = {}


class Tree(BaseModel):
    name: str
    children: list["Tree"]
    parent: "Tree | None" = None


@pytest.mark.parametrize("model", [Pizza, Tree])
def test_a_pydantic_model_gets_what_it_takes(model: type[BaseModel]) -> None:
    value = instance(model.model_json_schema(), TEXT, HEARD)
    model.model_validate_json(json.dumps(value))


def test_what_was_heard_chooses_enum_and_numbers() -> None:
    value = instance(Pizza.model_json_schema(), TEXT, HEARD)
    assert (value["size"], value["count"]) == ("large", 3)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "STRING"}, TEXT),
        ({"type": "STRING", "enum": ["no", "bob"]}, "bob"),
        ({"type": "STRING", "enum": ["x", "y"]}, "x"),
        ({"type": "STRING", "format": "date-time"}, "2026-01-01T12:00:00Z"),
        ({"type": "STRING", "maxLength": 3}, "You"),
        ({"type": "STRING", "minLength": "22"}, TEXT + ".."),
        ({"type": "INTEGER", "minimum": 20}, 20),
        ({"type": "INTEGER", "maximum": 2}, 1),
        ({"type": "NUMBER", "exclusiveMinimum": 3, "maximum": 9}, 3.5),
        ({"type": "BOOLEAN"}, True),
        ({"type": "NULL"}, None),
        ({"type": ["null", "integer"]}, 3),
        ({"anyOf": [{"type": "null"}, {"type": "boolean"}]}, True),
        ({"const": "fixed"}, "fixed"),
        ({"type": "ARRAY", "items": {"type": "BOOLEAN"}, "minItems": "2"}, [True, True]),
        ({"type": "ARRAY", "items": {"type": "BOOLEAN"}, "maxItems": 0}, []),
        ({"type": "array", "prefixItems": [{"type": "null"}, {"type": "boolean"}]}, [None, True]),
        ({"properties": {"a": {"type": "NULL"}}}, {"a": None}),
        (
            {
                "type": "OBJECT",
                "properties": {"a": {"type": "NULL"}, "b": {"type": "NULL"}},
                "propertyOrdering": ["b"],
            },
            {"b": None, "a": None},
        ),
        (
            {"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}]},
            {"a": 1, "b": 2},
        ),
        ({"$defs": {"N": {"type": "null"}}, "$ref": "#/$defs/N"}, None),
        ({}, TEXT),
    ],
)
def test_smallest_value_of_a_schema(schema: dict[str, Any], value: Any) -> None:
    made = instance(schema, TEXT, HEARD)
    assert made == value
    assert list(made) == list(value) if isinstance(value, dict) else True


@pytest.mark.parametrize("name", ["allOf", "anyOf", "oneOf"])
def test_schema_that_is_itself_comes_to_an_end(name: str) -> None:
    node = {"$ref": "#/$defs/Node"}
    schema = {"$defs": {"Node": {name: [node]}}, **node}
    json.dumps(instance(schema, TEXT, HEARD))


def test_schema_that_branches_into_itself_comes_to_an_end() -> None:
    node = {"$ref": "#/$defs/Node"}
    names = [f"n{index}" for index in range(30)]
    schema = {
        "$defs": {"Node": {"type": "object", "properties": dict.fromkeys(names, node)}},
        **node,
    }
    assert len(json.dumps(instance(schema, TEXT, HEARD))) < 40 * MAX_VALUES


@pytest.mark.parametrize(
    ("instruction", "names"),
    [
        ('Answer like {x} with {"type": "object", "properties": {"a": {}}} and no more.', ["a"]),
        ("Be brief.", ["answer"]),
        ("{" * 10_000, ["answer"]),
    ],
)
def test_schema_is_found_in_an_instruction(instruction: str, names: list[str]) -> None:
    assert list(schema_in(instruction)["properties"]) == names
