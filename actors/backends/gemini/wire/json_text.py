"""JSON as Google reads it: UTF-8, no NaN, not too deep."""

import json
from typing import Any, NoReturn

from actors.backends.gemini.wire.invalid import invalid

# Protocol buffers' own limit of nesting in JSON.
MAX_DEPTH = 100


def parse_json(data: bytes) -> Any:
    """The value in `data`. Raises Invalid for what is no JSON, and for what nests too deeply."""
    try:
        value = _DECODER.decode(data.decode("utf-8"))
        if b"\\u" in data:
            # Half of a surrogate pair is no text: it can neither be stored nor sent on.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise invalid(f"Invalid JSON payload received. {error}") from error
    if too_deep(value):
        raise invalid("Invalid JSON payload received. Message too deep.")
    return value


def too_deep(value: Any, depth: int = MAX_DEPTH) -> bool:
    """Whether objects and lists nest deeper than `depth`."""
    if isinstance(value, dict):
        return depth == 0 or any(
            too_deep(each, depth - 1) for each in value.values() if isinstance(each, dict | list)
        )
    if isinstance(value, list):
        return depth == 0 or any(
            too_deep(each, depth - 1) for each in value if isinstance(each, dict | list)
        )
    return False


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"Unexpected token.\n{name}\n^")


# Made once: `json.loads` with an argument makes one for each message.
_DECODER = json.JSONDecoder(parse_constant=_no_constant)
