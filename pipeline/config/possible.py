"""Values that no process can use, whatever option they are given to."""

from __future__ import annotations

import re
from typing import Any

from pipeline.frames.values import GREATEST_INTEGER, LEAST_INTEGER
from pipeline.yaml_text import HALVES

LONGEST_S = 1e9
"""31 years; CPython waits for no more than 292 (threading.TIMEOUT_MAX, on Linux), and nanoseconds
of 1e300 s are no number."""

_SECONDS = re.compile(r"\w+_s")


def problem_in(value: Any, path: str = "", *, is_time: bool = False) -> str:
    """Return what of a tree cannot be used, and why, in a line; empty if all can.

    Args:
        value: As it was read from YAML.
        path: Of the value, `a.b.c`.
        is_time: The value stands below the name of a time in seconds.
    """
    match value:
        case bool():
            return ""
        case int() if not LEAST_INTEGER <= value <= GREATEST_INTEGER:
            return f"{path}: an integer of more than 64 bits"
        case int() | float() if is_time and abs(value) > LONGEST_S:
            return f"{path}: {value:g} s is too long; at most {LONGEST_S:g}"
        case str() if HALVES.search(value):
            return f"{path}: no UTF-8 text"
        case dict():
            items = list(value.items())
        case list():
            items = list(enumerate(value))
        case _:
            return ""
    for key, each in items:
        below = f"{path}.{key}" if path else f"{key}"
        time = is_time or (isinstance(key, str) and _SECONDS.fullmatch(key) is not None)
        if problem := problem_in(each, below, is_time=time):
            return problem
    return ""
