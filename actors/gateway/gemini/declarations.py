"""Function declarations of the Gemini protocol, as those of a session: with JSON Schema."""

from __future__ import annotations

from typing import Any

COUNTS = ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")
"""Of type int64, which protobuf's JSON writes as strings."""
LEFT_OUT = ("type", "nullable", "propertyOrdering", "example")
"""What is said otherwise in JSON Schema, or not at all."""


def declared(function: dict[str, Any]) -> dict[str, Any]:
    """Return a declaration as `SessionOpened` has it.

    How the model waits for it is the backend's affair.
    """
    told: dict[str, Any] = {
        key: function[key] for key in ("name", "description") if key in function
    }
    if "parametersJsonSchema" in function:
        told["parameters"] = function["parametersJsonSchema"]
    elif "parameters" in function:
        told["parameters"] = json_schema(function["parameters"])
    return told


def json_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a `Schema` of the protocol as JSON Schema."""
    told: dict[str, Any] = {
        key: _inner(key, value) for key, value in schema.items() if key not in LEFT_OUT
    }
    kind = str(schema.get("type", "")).lower()
    if kind and kind != "type_unspecified":
        told["type"] = [kind, "null"] if schema.get("nullable") else kind
    return told


def _inner(key: str, value: Any) -> Any:
    match key:
        case "properties":
            return {name: json_schema(each) for name, each in value.items()}
        case "items":
            return json_schema(value)
        case "anyOf":
            return [json_schema(each) for each in value]
        case _ if key in COUNTS:
            return int(value)
    return value
