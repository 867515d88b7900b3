"""Messages over the wire's own schema with faults in them, from a seed."""

from __future__ import annotations

import random
from typing import Any

from actors.backends.gemini.wire import schema
from actors.backends.gemini.wire.schema import Field, Shape

# What goes wrong with a field, each in so many of all.
FAULTS = 0.03
DEEPEST = 6
TEXTS = ["", "hi", "go forward ten meters", "user", "model", "application/json", "text/x.enum"]
TEXTS += ["image/png", "audio/wav", "audio/mp3", "AAAA", "x" * 300, "\0", "é🎉", "-1", "1e9", "NaN"]
NUMBERS = [0, 1, -1, 42, 0.5, 2**31, 2**63, 10**400, 1e308]
KEYWORDS = ["type", "properties", "items", "anyOf", "allOf", "required", "$ref", "$defs", "enum"]
KEYWORDS += ["minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength", "prefixItems"]
KINDS = ["object", "array", "string", "integer", "number", "boolean", "null"]


class Fuzz:
    """Makes messages; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def message(self, name: str, depth: int = 0) -> dict[str, Any]:
        """A message of the schema: fields missing, doubled, of another type, huge, nested."""
        made: dict[str, Any] = {}
        for field in schema().messages[name].fields.values():
            if self._random.random() > self._share(field, depth):
                continue
            spelling = self._random.choice([field.name, field.name, field.snake])
            made[spelling] = self._shaped(field, depth)
            if self._random.random() < FAULTS:
                made[field.snake] = self.anything()
        if name == "Part" and self._random.random() > FAULTS:
            kind = self._random.choice(["text", "inlineData", "functionCall", "functionResponse"])
            made = {kind: self._value(schema().messages["Part"].fields[kind], depth)}
        if self._random.random() < FAULTS / 3:
            made[self._random.choice(TEXTS)] = self.anything()
        return made

    def json_schema(self, depth: int = 0) -> Any:
        """A JSON Schema that may be none."""
        if depth > DEEPEST or self._random.random() < FAULTS:
            return self.anything()
        made: dict[str, Any] = {}
        for keyword in self._random.sample(KEYWORDS, self._random.randrange(5)):
            if keyword in {"properties", "$defs"}:
                names = self._random.sample("abN", self._random.randrange(3))
                made[keyword] = {name: self.json_schema(depth + 1) for name in names}
            elif keyword in {"anyOf", "allOf", "prefixItems"}:
                count = self._random.randrange(3)
                made[keyword] = [self.json_schema(depth + 1) for _ in range(count)]
            else:
                made[keyword] = self._random.choice(
                    [self.anything(), "#/$defs/N", ["a", "N"], 10**9, *KINDS]
                )
        return made

    def anything(self, depth: int = 0) -> Any:
        """Any value of JSON."""
        kind = self._random.randrange(6)
        if kind == 0 and depth < DEEPEST:
            return [self.anything(depth + 1) for _ in range(self._random.randrange(3))]
        if kind == 1 and depth < DEEPEST:
            keys = self._random.sample([*KEYWORDS, "text", "name"], self._random.randrange(3))
            return {key: self.anything(depth + 1) for key in keys}
        return self._random.choice([None, True, False, *NUMBERS, *TEXTS])

    def _share(self, field: Field, depth: int) -> float:
        if field.name in {"contents", "parts", "text", "name", "data", "mimeType"}:
            return 0.95
        return 0.15 if depth < DEEPEST else 0.0

    def _shaped(self, field: Field, depth: int) -> Any:
        if self._random.random() < FAULTS:
            return self.anything()
        count = self._random.randrange(1, 3)
        if field.shape is Shape.MANY:
            return [self._value(field, depth) for _ in range(count)]
        if field.shape is Shape.MAP:
            names = self._random.sample("abc", count)
            return {name: self._value(field, depth) for name in names}
        return self._value(field, depth)

    def _value(self, field: Field, depth: int) -> Any:
        if field.type in schema().messages:
            return self.message(field.type, depth + 1)
        if field.type in schema().enums:
            return self._random.choice(schema().enums[field.type])
        match field.type:
            case "Value":
                return self.json_schema()
            case "Struct":
                return {"a": self.anything()}
            case "bool":
                return self._random.choice([True, False])
            case "int32" | "int64" | "float":
                return self._random.choice([0, 1, 2, 300, "3"])
            case "duration":
                return "1s"
        return self._random.choice(TEXTS)
