"""Checks the contents of a request over HTTP: roles, parts, order of turns, signatures."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from actors.backends.gemini.wire import (
    Invalid,
    Violation,
    decode_base64,
    encode_base64,
    schema,
    snake_case,
)

Content = dict[str, Any]
Part = dict[str, Any]

# `function` is what older SDKs call the user who answers a call.
ROLES = ("user", "model", "function", None, "")
# Documented: a history that comes from elsewhere may carry one of these for a signature.
PLACEHOLDERS = frozenset(
    {"skip_thought_signature_validator", "context_engineering_is_the_way_to_go"}
)
SIGNED = b"simulated thought "
# The kinds of a part are one of this group of the schema.
_DATA = "data"


def invalid(message: str) -> Invalid:
    """A refusal in these words."""
    return Invalid([Violation("", message)])


def violation(path: str, what: str, request: str = "GenerateContentRequest") -> Invalid:
    """A field of the request that is well-formed and not allowed."""
    return invalid(f"* {request}.{path}: {what}\n")


def signature(number: int) -> str:
    """A thoughtSignature; `number` tells the response from others."""
    return encode_base64(SIGNED + str(number).encode())


def check_contents(contents: Sequence[Content], *, signed: bool) -> None:
    """Raises Invalid if the service would refuse the contents.

    Args:
        contents: `Content` messages that have been read.
        signed: The model demands the thoughtSignature of function calls.
    """
    if not contents:
        raise violation("contents", "contents is not specified")
    for index, content in enumerate(contents):
        if content.get("role") not in ROLES:
            raise invalid("Please use a valid role: user, model.")
        _check_parts(content.get("parts") or [], index)
    _check_order(contents)
    if signed:
        _check_signatures(contents)


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


def _check_signatures(contents: Sequence[Content]) -> None:
    for index in range(turn_start(contents), len(contents)):
        calls = [part for part in contents[index]["parts"] if "functionCall" in part]
        if not calls:
            continue
        given = calls[0].get("thoughtSignature")
        if not given:
            name = calls[0]["functionCall"]["name"]
            raise invalid(
                "Function call is missing a thought_signature in functionCall parts. This is "
                "required for tools to work correctly, and missing thought_signature may lead to "
                "degraded model performance. Additional data, function call "
                f"`default_api:{name}` , position {index + 1}. Please refer to "
                "https://ai.google.dev/gemini-api/docs/thought-signatures for more details."
            )
        if not _genuine(str(given)):
            raise invalid("Corrupted thought signature.")


def turn_start(contents: Sequence[Content]) -> int:
    """Where the current turn begins: at what the user said last that is no function's response."""
    for index in range(len(contents) - 1, -1, -1):
        content = contents[index]
        if content.get("role") == "model":
            continue
        if any("functionResponse" not in part for part in content["parts"]):
            return index
    return 0


def _genuine(given: str) -> bool:
    if given in PLACEHOLDERS:
        return True
    try:
        decoded = decode_base64(given)
    except ValueError:
        return False
    return decoded.startswith(SIGNED) or decoded.decode(errors="replace") in PLACEHOLDERS


def _count(content: Content, kind: str) -> int:
    return sum(kind in part for part in content["parts"])
