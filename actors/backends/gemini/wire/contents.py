"""Checks the contents of a request over HTTP: roles, parts, order of turns."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from actors.backends.gemini.wire.encoding import snake_case
from actors.backends.gemini.wire.invalid import invalid, violation
from actors.backends.gemini.wire.schema import schema

Content = dict[str, Any]
Part = dict[str, Any]

# `function` is what older SDKs call the user who answers a call.
ROLES = ("user", "model", "function", None, "")
# The kinds of a part are one of this group of the schema.
_DATA = "data"


def check_contents(contents: Sequence[Content]) -> None:
    """Raises Invalid if the service would refuse the contents.

    Args:
        contents: `Content` messages that have been read.
    """
    if not contents:
        raise violation("contents", "contents is not specified")
    for index, content in enumerate(contents):
        if content.get("role") not in ROLES:
            raise invalid("Please use a valid role: user, model.")
        _check_parts(content.get("parts") or [], index)
    _check_order(contents)


def _check_parts(parts: Sequence[Part], index: int) -> None:
    path = f"contents[{index}].parts"
    if not parts:
        raise violation(path, "contents.parts must not be empty.")
    for number, part in enumerate(parts):
        if not _kinds() & part.keys():
            what = "required oneof field 'data' must have one initialized field"
            raise violation(f"{path}[{number}].data", what)
        for kind in ("functionCall", "functionResponse"):
            if kind in part and not part[kind].get("name"):
                where = f"{path}[{number}].{snake_case(kind)}.name"
                raise violation(where, "Name cannot be empty.")


@cache
def _kinds() -> frozenset[str]:
    fields = schema().messages["Part"].fields
    return frozenset(name for name, field in fields.items() if field.oneof == _DATA)


def _check_order(contents: Sequence[Content]) -> None:
    pending = 0
    before = ""
    for content in contents:
        calls, responses = _count(content, "functionCall"), _count(content, "functionResponse")
        if pending and responses != pending:
            raise invalid(
                "Please ensure that the number of function response parts is equal to the number "
                "of function call parts of the function call turn."
            )
        if responses and not pending:
            raise invalid(
                "Please ensure that function response turn comes immediately after a function "
                "call turn."
            )
        if calls and before not in ("user", "response"):
            raise invalid(
                "Please ensure that function call turn comes immediately after a user turn or "
                "after a function response turn."
            )
        pending = calls
        before = "response" if responses else str(content.get("role") or "user")


def text_of(content: dict[str, Any]) -> str:
    """The text of a content that is no thought, its parts joined by line ends."""
    parts = content.get("parts", [])
    return "\n".join(part["text"] for part in parts if "text" in part and not part.get("thought"))


def _count(content: Content, kind: str) -> int:
    return sum(kind in part for part in content["parts"])
