"""JSON Schema of a function's arguments, as far as Gemini takes it.

MCP servers, Python functions and callers describe arguments in whatever JSON Schema they like. Of
`parameters` the service takes a part of OpenAPI 3.0, and refuses the whole session for one keyword
beyond it; `parametersJsonSchema`, which takes more, has been refused by Live and for references
(livekit/agents#3135, gemini-cli#13326). What has no form here is left out: whoever carries out the
call checks the arguments in full.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from actors.backends.gemini.schema_keywords import (
    MOST_SHOWN_CHARS,
    Schema,
    bounds_of,
    is_count,
    is_texts,
    kinds_of,
    schemas_in,
    shown,
    values_of,
)

MOST_DEPTH = 24
"""A quarter of what the parser takes for a message; arguments have three or four levels."""
MOST_SCHEMAS = 1000
"""Within one: references to each other, written out, grow without end."""
TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object"})
FORMATS = {
    "string": frozenset({"date-time", "enum"}),
    "integer": frozenset({"int32", "int64"}),
    "number": frozenset({"float", "double"}),
}
"""Others are refused for strings, and told in words instead."""
COUNTS = {
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
    "object": ("minProperties", "maxProperties"),
}
ANYTHING: Schema = {"anyOf": [{"type": "STRING"}, {"type": "NUMBER"}, {"type": "BOOLEAN"}]}
"""Where nothing is said of a value; a type must be named."""


def arguments_of(tool: dict[str, Any]) -> Any:
    """Return `parameters_of` what a tool declares; the model that is made of it checks it."""
    return parameters_of(tool.get("parameters") or tool.get("parametersJsonSchema"))


def parameters_of(schema: object) -> Schema | None:
    """Return what to declare as `parameters`; None: the function has none.

    Never raises: a schema that is none is declared as far as it makes sense.
    """
    if not isinstance(schema, dict):
        return None
    made = _Cleaner(schema).arguments(schema)
    return made if made.get("properties") else None


class _Cleaner:
    """Makes schemas out of one document, to which references point."""

    def __init__(self, document: Schema) -> None:
        self._document = document
        self._made = 0

    def arguments(self, schema: Schema) -> Schema:
        """An object; alternatives of objects become one with all properties."""
        merged = self._merged(schema, ())
        for key in ("anyOf", "oneOf"):
            for each in schemas_in(merged.pop(key, None)):
                other = self._merged(each, ())
                other.pop("required", None)
                merged = _both(merged, other)
        return self._object({**merged, "type": "object"}, (), 0)

    def schema(self, schema: object, refs: tuple[str, ...], depth: int) -> Schema:
        """A schema of any kind."""
        self._made += 1
        if not isinstance(schema, dict) or depth > MOST_DEPTH or self._made > MOST_SCHEMAS:
            return dict(ANYTHING)
        reference = schema.get("$ref")
        if isinstance(reference, str):
            if reference in refs:
                # It contains itself: its second level is an object of which no more is said.
                return _described({"type": "OBJECT"}, schema)
            refs = (*refs, reference)
        schema = self._merged(schema, refs)
        for key in ("anyOf", "oneOf"):
            if alternatives := schemas_in(schema.get(key)):
                return self._any_of(schema, alternatives, refs, depth)
        kinds = kinds_of(schema)
        nullable = "null" in kinds
        kinds = [kind for kind in kinds if kind in TYPES]
        if len(kinds) > 1:
            made = {"anyOf": [self._typed({**schema, "type": k}, k, refs, depth) for k in kinds]}
        elif kinds:
            made = _described(self._typed(schema, kinds[0], refs, depth), schema)
        else:
            made = dict(ANYTHING)
        return _nullable(made) if nullable else made

    def _any_of(
        self, schema: Schema, alternatives: list[Schema], refs: tuple[str, ...], depth: int
    ) -> Schema:
        nullable = any(kinds_of(each) == ["null"] for each in alternatives)
        rest: Schema = {
            key: schema[key] for key in ("type", "properties", "required") if key in schema
        }
        made: list[Schema] = []
        for each in alternatives:
            if kinds_of(each) != ["null"]:
                one = self.schema({**rest, **each}, refs, depth + 1)
                # No alternatives within alternatives.
                made += [new for new in one.get("anyOf", [one]) if new not in made]
        if not made:
            return dict(ANYTHING)
        # Beside `anyOf` the service takes nothing.
        made[0] = _described(made[0], schema)
        whole = made[0] if len(made) == 1 else {"anyOf": made}
        return _nullable(whole) if nullable else whole

    def _typed(self, schema: Schema, kind: str, refs: tuple[str, ...], depth: int) -> Schema:
        if kind == "object":
            return self._object(schema, refs, depth)
        made: Schema = {"type": kind.upper()}
        known = schema.get("format")
        if isinstance(known, str) and known in FORMATS.get(kind, ()):
            made["format"] = known
        for key in COUNTS.get(kind, ()):
            if is_count(schema.get(key)):
                made[key] = schema[key]
        if kind == "string":
            values = [each for each in values_of(schema) if isinstance(each, str) and each]
            if values:
                made |= {"format": "enum", "enum": list(dict.fromkeys(values))}
        elif kind == "array":
            made["items"] = self._items(schema, refs, depth)
        elif kind in ("integer", "number"):
            made |= bounds_of(schema, whole=kind == "integer")
        return made

    def _object(self, schema: Schema, refs: tuple[str, ...], depth: int) -> Schema:
        made: Schema = {"type": "OBJECT"}
        given = schema.get("properties")
        properties = {
            name: self.schema(each, refs, depth + 1)
            for name, each in (given if isinstance(given, dict) else {}).items()
            if isinstance(name, str) and name and each is not False
        }
        if properties:
            made["properties"] = properties
        required = schema.get("required")
        names = [each for each in required if each in properties] if is_texts(required) else []
        if names:
            made["required"] = list(dict.fromkeys(names))
        for key in COUNTS["object"]:
            if properties and is_count(schema.get(key)):
                made[key] = schema[key]
        return made

    def _items(self, schema: Schema, refs: tuple[str, ...], depth: int) -> Schema:
        given = schema.get("prefixItems") or schema.get("items")
        if isinstance(given, list):
            return self.schema({"anyOf": given}, refs, depth)
        return self.schema(given, refs, depth + 1)

    def _merged(self, schema: Schema, refs: tuple[str, ...]) -> Schema:
        """With what it refers to, and all of what must hold at once."""
        merged = {key: each for key, each in schema.items() if key not in ("$ref", "allOf")}
        reference = schema.get("$ref")
        if isinstance(reference, str):
            target = self._target(reference)
            # A reference to a reference: as far as it goes without turning round.
            again = target.get("$ref")
            if isinstance(again, str) and again in (reference, *refs):
                target = {key: each for key, each in target.items() if key != "$ref"}
            if target:
                merged = _both(merged, self._merged(target, (*refs, reference)))
        for each in schemas_in(schema.get("allOf")):
            self._made += 1
            if self._made <= MOST_SCHEMAS and each.get("$ref") not in refs:
                merged = _both(merged, self._merged(each, refs))
        return merged

    def _target(self, reference: str) -> Schema:
        """What is in this document at `#/a/b`; what is elsewhere is not fetched."""
        found: Any = self._document
        if not reference.startswith("#"):
            return {}
        for part in reference.removeprefix("#").strip("/").split("/"):
            name = unquote(part).replace("~1", "/").replace("~0", "~")
            if part and isinstance(found, dict):
                found = found.get(name)
            elif part and isinstance(found, list) and name.isdecimal() and int(name) < len(found):
                found = found[int(name)]
        return found if isinstance(found, dict) and found is not self._document else {}


def _both(one: Schema, other: Schema) -> Schema:
    made = {**other, **one}
    if isinstance(one.get("properties"), dict) and isinstance(other.get("properties"), dict):
        made["properties"] = {**other["properties"], **one["properties"]}
    if is_texts(one.get("required")) and is_texts(other.get("required")):
        made["required"] = [*one["required"], *other["required"]]
    return made


def _described(made: Schema, schema: Schema) -> Schema:
    """With its description, and in words what has no form."""
    if "anyOf" in made:
        return made
    words = [schema["description"]] if isinstance(schema.get("description"), str) else []
    if isinstance(schema.get("format"), str) and "format" not in made:
        words.append(f"Format: {schema['format'][:MOST_SHOWN_CHARS]}.")
    if "enum" not in made and (values := values_of(schema)):
        words.append(f"One of: {shown(values)}.")
    if "default" in schema and schema["default"] is not None:
        words.append(f"Default: {shown(schema['default'])}.")
    text = " ".join(words)
    return {**made, "description": text} if text else made


def _nullable(made: Schema) -> Schema:
    if "anyOf" not in made:
        return {**made, "nullable": True}
    first, *others = made["anyOf"]
    return {"anyOf": [{**first, "nullable": True}, *others]}
