"""JSON with everything in it that JSON can hold, for what is to stand whatever comes.

`FUZZ_CASES=20000 pytest ...` tries so many cases of each kind; `make fuzz` does that for all.
"""

from __future__ import annotations

import os
import random
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

CASES = int(os.environ.get("FUZZ_CASES", "150"))
FUZZ = settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
ODD = [
    None, True, False, 0, -1, 0.5, 2**31, 2**63, 2**64, -(2**70), 10**500, 10**5000, 1e308,
    float("inf"), float("-inf"), float("nan"), "", "\0", "\ud800", "\udfff x", "\ud83d\ude00",
    "x" * 10_000, "é🎉", "NaN", "1e9", "50s", "-3s", "1e999s", "audio/pcm;rate=0",
    "audio/pcm;rate=99999999999999999999", "AAA", "/\0", [], {}, [[]], [{}], {"": {}},
]  # fmt: skip


def deep(levels: int) -> Any:
    """A list in lists."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def any_value(rng: random.Random, depth: int = 0) -> Any:
    """Any JSON value, and some that only careless writers make."""
    kind = rng.randrange(8) if depth < 4 else 0
    if kind == 6:
        return [any_value(rng, depth + 1) for _ in range(rng.randrange(3))]
    if kind == 7:
        keys = ["a", "text", "\ud800", "", "x" * 500]
        return {rng.choice(keys): any_value(rng, depth + 1) for _ in range(rng.randrange(3))}
    if kind == 5 and rng.random() < 0.05:
        return deep(rng.choice([70, 120, 600]))
    return rng.choice(ODD)


def with_faults(rng: random.Random, value: Any, share: float) -> Any:
    """A value with some of its parts missing, doubled or replaced."""
    if rng.random() < share:
        return any_value(rng)
    if isinstance(value, dict):
        return {
            key: with_faults(rng, each, share)
            for key, each in value.items()
            if rng.random() >= share
        }
    if isinstance(value, list):
        made = [with_faults(rng, each, share) for each in value]
        return made * 2 if rng.random() < share else made
    return value


def json_text(rng: random.Random, value: Any, share: float) -> str:
    """JSON of a value; some keys are written twice. Integers may be too long for Python."""
    if isinstance(value, dict):
        fields = []
        for key, each in value.items():
            field = f"{json_text(rng, key, 0)}:{json_text(rng, each, share)}"
            fields += [field] * (2 if rng.random() < share else 1)
        return "{" + ",".join(fields) + "}"
    depth = 0
    while isinstance(value, list) and len(value) == 1:
        # Not by recursion: Python 3.11 has no stack for six hundred lists in one another.
        depth, (value,) = depth + 1, value
    if depth:
        return "[" * depth + json_text(rng, value, share) + "]" * depth
    if isinstance(value, list):
        return "[" + ",".join([json_text(rng, each, share) for each in value]) + "]"
    if isinstance(value, str):
        return '"' + "".join(_escaped(letter) for letter in value) + '"'
    if isinstance(value, bool) or value is None:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return {"inf": "1e999", "-inf": "-1e999", "nan": "NaN"}.get(str(value), repr(value))
    # Python writes no integer of 5000 digits.
    return str(value) if abs(value) < 10**600 else "1" + "0" * 5000


def _escaped(letter: str) -> str:
    plain = " " <= letter <= "~" and letter not in '"\\'
    units = letter.encode("utf-16-be", "surrogatepass").hex()
    return (
        letter if plain else "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    )


def broken(rng: random.Random, data: bytes) -> bytes:
    """Bytes with some changed, cut off or doubled."""
    made = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(made) + 1)
        match rng.randrange(3):
            case 0 if at < len(made):
                made[at] = rng.randrange(256)
            case 1:
                del made[at : at + rng.randrange(1, 9)]
            case _:
                made[at:at] = made[at : at + rng.randrange(1, 9)]
    return bytes(made)


def seeds() -> st.SearchStrategy[random.Random]:
    """Where a case begins."""
    return st.integers(0, 2**32).map(random.Random)
