"""Reads a client's JSON as Google's protocol-buffer parser does: lenient in form, strict in names.

One value stands for a list of one, enums may be in any case or a number, numbers may be text, keys
may be in snake_case, null is a field left out. What is read comes back with camelCase keys, enum
names in capitals, and numbers as numbers.
"""

import json
import re
from typing import Any

from actors.backends.gemini.wire.invalid import Invalid, Violation, invalid_value, unknown_name
from actors.backends.gemini.wire.schema import Field, Message, Schema, Shape, schema

INTEGERS = {"int32": 2**31, "int64": 2**63}
# The largest 32-bit float; larger numbers do not fit the field.
LARGEST_FLOAT = 3.4028235e38
DURATION = re.compile(r"-?\d{1,12}(\.\d{1,9})?s")
PACKAGE = "type.googleapis.com/google.ai.generativelanguage"
# A value quoted in a complaint is cut here: payloads may be megabytes.
SHOWN_LETTERS = 200
# More complaints than anybody reads; a payload of nothing but faults stays cheap.
MAX_VIOLATIONS = 50


def read(
    message: str, value: Any, version: str = "v1beta", path: str = "", table: Schema | None = None
) -> dict[str, Any]:
    """The fields of `value` as a `message` of the schema. Raises Invalid with all complaints."""
    reader = _Reader(table or schema(), version)
    result = reader.message(reader.schema.messages[message], value, path)
    if reader.violations:
        raise Invalid(reader.violations)
    return result


class _Reader:
    def __init__(self, table: Schema, version: str) -> None:
        self.schema = table
        self.version = version
        self.violations: list[Violation] = []

    def message(self, kind: Message, value: Any, path: str) -> dict[str, Any]:
        """Fields of an object, without those that are null."""
        result: dict[str, Any] = {}
        if value is None:
            return result
        if not isinstance(value, dict):
            self._complain(
                invalid_value(
                    path or "root", f"{PACKAGE}.{self.version}.{kind.name}", _shown(value)
                )
            )
            return result
        groups: dict[str, str] = {}
        for name, item in value.items():
            field = kind.by_name.get(name)
            if field is None or self.version not in field.versions:
                self._complain(unknown_name(name, path))
                continue
            if item is None:
                continue
            if field.oneof and groups.setdefault(field.oneof, field.name) != field.name:
                self._complain(
                    Violation(
                        path,
                        f"Invalid value at '{path or 'root'}' (oneof), oneof field '{field.oneof}' "
                        f"is already set. Cannot set '{field.name}'",
                    )
                )
                continue
            self._field(field, item, f"{path}.{field.snake}" if path else field.snake, path, result)
        return result

    def _field(
        self, field: Field, item: Any, path: str, parent: str, result: dict[str, Any]
    ) -> None:
        takes_list = field.shape is Shape.MANY or (
            field.shape is Shape.ONE and field.type == "Value"
        )
        if isinstance(item, list) and not takes_list:
            why = "Proto field is not repeating, cannot start list."
            self._complain(unknown_name(field.snake, parent, why))
        elif field.shape is Shape.MAP:
            if not isinstance(item, dict):
                why = f"Cannot bind to map from {_shown(item)}"
                self._complain(invalid_value(path, "Map", why))
                return
            result[field.name] = {
                key: self._value(field, entry, f"{path}[{index}].value")
                for index, (key, entry) in enumerate(item.items())
            }
        elif field.shape is Shape.MANY:
            items = item if isinstance(item, list) else [item]
            read = [
                self._value(field, each, f"{path}[{index}]")
                for index, each in enumerate(items)
                if each is not None
            ]
            result[field.name] = [*result.get(field.name, ()), *read]
        else:
            result[field.name] = self._value(field, item, path)

    def _value(self, field: Field, item: Any, path: str) -> Any:
        kind = field.type
        if kind in self.schema.messages:
            return self.message(self.schema.messages[kind], item, path)
        if kind == "Value":
            return item
        if kind == "Struct":
            if not isinstance(item, dict):
                self._wrong(path, "type.googleapis.com/google.protobuf.Struct", item)
                return {}
            return item
        if kind in self.schema.enums:
            return self._enum(kind, item, path)
        return self._scalar(kind, item, path)

    def _enum(self, kind: str, item: Any, path: str) -> str:
        names = self.schema.enums[kind]
        if isinstance(item, str):
            name = item.upper().replace("-", "_")
            if name in names:
                return name
            number = _integer(item, INTEGERS["int32"])
            if number is not None and 0 <= number < len(names):
                return names[number]
        elif isinstance(item, int) and not isinstance(item, bool) and 0 <= item < len(names):
            return names[item]
        self._wrong(path, f"{PACKAGE}.{self.version}.{kind}", item)
        return names[0]

    def _scalar(self, kind: str, item: Any, path: str) -> Any:
        match kind:
            case "string" if isinstance(item, str):
                return item
            case "bytes" if isinstance(item, str):
                return item
            case "bool" if isinstance(item, bool):
                return item
            case "bool" if item in ("true", "false"):
                return item == "true"
            case "duration" if isinstance(item, str) and DURATION.fullmatch(item):
                return item
            case "float":
                number = _float(item)
                if number is not None:
                    return number
            case "int32" | "int64":
                whole = _integer(item, INTEGERS[kind])
                if whole is not None:
                    return whole
        named = "type.googleapis.com/google.protobuf.Duration"
        self._wrong(path, named if kind == "duration" else f"TYPE_{kind.upper()}", item)
        return None

    def _wrong(self, path: str, type_name: str, item: Any) -> None:
        self._complain(invalid_value(path, type_name, _shown(item)))

    def _complain(self, violation: Violation) -> None:
        if len(self.violations) < MAX_VIOLATIONS:
            self.violations.append(violation)


def _integer(item: Any, limit: int) -> int | None:
    number = item
    if isinstance(item, str):
        number = _number(item)
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    # The range comes first: neither infinity nor an integer too large for a float can be converted.
    if not -limit <= number < limit or number != int(number):
        return None
    return int(number)


def _float(item: Any) -> float | None:
    number = _number(item) if isinstance(item, str) else item
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    return float(number) if abs(number) <= LARGEST_FLOAT else None


def _number(text: str) -> int | float | None:
    # Not `float`: that takes underscores, spaces and other digits, which the parser does not.
    if len(text) > 40 or not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?", text):
        return None
    return int(text) if re.fullmatch(r"-?[0-9]+", text) else float(text)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "Starting an object on a scalar field"
    return json.dumps(value, ensure_ascii=False)[:SHOWN_LETTERS]
