"""Values from outside, of a model or a tool: which of them a frame carries as they are."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

MAX_DEPTH = 64
"""Lists and objects within each other. Gemini's parser takes 100 in a whole message, msgpack 511;
the frame and the message around the value take some of them."""
LEAST_INTEGER, GREATEST_INTEGER = -(2**63), 2**64 - 1
"""What msgpack has a form for."""


def problem_of(value: object, path: str = "", depth: int = MAX_DEPTH) -> str:
    """Return why a JSON value cannot be sent as it is, in words; empty if it can.

    Half a surrogate pair is no problem: `encode` replaces it.
    """
    match value:
        case None | str() | bool():
            return ""
        case int():
            if LEAST_INTEGER <= value <= GREATEST_INTEGER:
                return ""
            return f"{path or 'it'} is an integer of more than 64 bits"
        case float():
            return "" if math.isfinite(value) else f"{path or 'it'} is {value}, no finite number"
        case dict() | list() | tuple() if depth == 0:
            return f"lists and objects nest deeper than {MAX_DEPTH}"
        case dict():
            for key, each in value.items():
                if not isinstance(key, str):
                    return f"{path or 'it'} has a key that is no text but a {type(key).__name__}"
                if problem := problem_of(each, f"{path}.{key}" if path else key, depth - 1):
                    return problem
            return ""
        case list() | tuple():
            for index, each in enumerate(value):
                if problem := problem_of(each, f"{path}[{index}]", depth - 1):
                    return problem
            return ""
    return f"{path or 'it'} is no JSON value but a {type(value).__name__}"


def whole_text(value: Any) -> Any:
    """Return a JSON value with U+FFFD for each half of a surrogate pair, which no UTF-8 has."""
    match value:
        case str():
            # Halves that belong together become the one character they stand for.
            return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        case dict():
            return {whole_text(key): whole_text(each) for key, each in value.items()}
        case list() | tuple():
            return [whole_text(each) for each in value]
    return value


def json_text(
    value: Any, *, ensure_ascii: bool = True, default: Callable[[Any], Any] | None = None
) -> str:
    """Return a value as JSON that every parser takes: null for NaN and infinity.

    Args:
        value: What a frame holds, or is made of it.
        ensure_ascii: Write `\\u....` for all other letters.
        default: Returns what stands for a value that JSON has no form for.
    """
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=ensure_ascii, default=default)
    except ValueError:
        text = json.dumps(value, default=default)
        return json.dumps(
            json.loads(text, parse_constant=lambda _name: None), ensure_ascii=ensure_ascii
        )
