from __future__ import annotations

from actors.gateway.gemini.declarations import declared


def test_a_schema_of_the_protocol_becomes_json_schema() -> None:
    function = {
        "name": "book",
        "description": "Book a table.",
        "behavior": "NON_BLOCKING",
        "parameters": {
            "type": "OBJECT",
            "properties": {
                "type": {"type": "STRING", "enum": ["in", "out"], "nullable": True},
                "people": {"type": "ARRAY", "items": {"type": "STRING"}, "minItems": "1"},
                "when": {"anyOf": [{"type": "STRING", "format": "date-time"}, {"type": "INTEGER"}]},
            },
            "required": ["people"],
            "propertyOrdering": ["people", "type"],
        },
    }
    assert declared(function) == {
        "name": "book",
        "description": "Book a table.",
        "parameters": {
            "type": "object",
            "properties": {
                "type": {"type": ["string", "null"], "enum": ["in", "out"]},
                "people": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                "when": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "integer"}]},
            },
            "required": ["people"],
        },
    }


def test_json_schema_stays_as_it_is() -> None:
    schema = {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {}}}
    assert declared({"name": "f", "parametersJsonSchema": schema}) == {
        "name": "f",
        "parameters": schema,
    }


def test_a_function_without_parameters_has_none() -> None:
    assert declared({"name": "f"}) == {"name": "f"}
