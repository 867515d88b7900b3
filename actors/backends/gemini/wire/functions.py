"""Declared functions as the service checks them, beyond what its parser does.

OBJECT without properties was refused in 2025; reports of 2026 say that it is taken.
"""

from collections.abc import Iterator
from typing import Any

from actors.backends.gemini.wire.encoding import snake_case
from actors.backends.gemini.wire.invalid import invalid
from actors.backends.gemini.wire.json_text import too_deep
from pipeline.sessions.refusal import FUNCTION_NAME

BAD_NAME = (
    "[FIELD_INVALID] Invalid function name. Must start with a letter or an underscore. Must be "
    "alphameric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a "
    "maximum length of 128."
)
STRING_FORMATS = frozenset({"enum", "date-time"})
# Where a keyword makes sense.
ONLY_FOR = {"properties": "OBJECT", "items": "ARRAY", "enum": "STRING"}
# Published limit of functions in one request.
MAX_FUNCTIONS = 512


def check_functions(tools: list[dict[str, Any]], request: str) -> list[dict[str, Any]]:
    """All functions declared in `tools`, which have been read.

    Args:
        tools: `Tool` messages.
        request: Name of the message they are in, as complaints have it:
            `GenerateContentRequest`.

    Raises:
        Invalid: With every complaint.
    """
    declared: list[dict[str, Any]] = []
    complaints: list[str] = []
    names: set[str] = set()
    for at, tool in enumerate(tools):
        for index, function in enumerate(tool.get("functionDeclarations", ())):
            place = f"{request}.tools[{at}].function_declarations[{index}]"
            complaints += _function(function, place)
            name = function.get("name", "")
            if name in names:
                raise invalid(f"Duplicate function declaration found: {name}")
            names.add(name)
            declared.append(function)
    if len(declared) > MAX_FUNCTIONS:
        complaints.append(f"{request}.tools: at most {MAX_FUNCTIONS} functions can be declared.")
    if complaints:
        raise invalid("".join(f"* {each}\n" for each in complaints))
    return declared


def _function(function: dict[str, Any], place: str) -> Iterator[str]:
    if not FUNCTION_NAME.fullmatch(function.get("name", "")):
        yield f"{place}.name: {BAD_NAME}"
    for field, other in (
        ("parameters", "parametersJsonSchema"),
        ("response", "responseJsonSchema"),
    ):
        if field in function and other in function:
            yield f"{place}.{field}: cannot be set together with {snake_case(other)}."
        if field in function:
            yield from _schema(function[field], f"{place}.{field}")
    schema = function.get("parametersJsonSchema")
    if schema is not None and (not isinstance(schema, dict) or too_deep(schema)):
        yield f"{place}.parameters_json_schema: must be a JSON schema object."


def _schema(schema: dict[str, Any], place: str) -> Iterator[str]:
    kind = schema.get("type", "TYPE_UNSPECIFIED")
    properties = schema.get("properties", {})
    if kind == "ARRAY" and "items" not in schema:
        yield f"{place}.items: missing field."
    for field, owner in ONLY_FOR.items():
        if schema.get(field) and kind not in {owner, "TYPE_UNSPECIFIED"}:
            yield f"{place}.{field}: only allowed for {owner} type"
    for index, value in enumerate(schema.get("enum", ())):
        if value == "":
            yield f"{place}.enum[{index}]: cannot be empty"
    if kind == "STRING" and schema.get("format") and schema["format"] not in STRING_FORMATS:
        yield f"{place}.format: only 'enum' and 'date-time' are supported for STRING type"
    for index, name in enumerate(schema.get("required", ())):
        if name not in properties:
            yield f"{place}.required[{index}]: property is not defined"
    for below, at in _below(schema, place):
        yield from _schema(below, at)


def _below(schema: dict[str, Any], place: str) -> Iterator[tuple[dict[str, Any], str]]:
    for name, below in schema.get("properties", {}).items():
        yield below, f"{place}.properties[{name}]"
    if "items" in schema:
        yield schema["items"], f"{place}.items"
    for index, below in enumerate(schema.get("anyOf", ())):
        yield below, f"{place}.any_of[{index}]"
