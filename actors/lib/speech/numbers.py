"""Numbers in words: "twenty five" to 25 and back."""

from __future__ import annotations

import re
from collections.abc import Sequence

ONES = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SMALL = {word: value for value, word in enumerate(ONES)} | {
    word: 10 * (value + 2) for value, word in enumerate(TENS)
}
SCALES = {"hundred": 100, "thousand": 1000}
FRACTIONS = {"half": 0.5, "quarter": 0.25}
LARGEST = 10**9
"""No longer number in words is read on: nobody says one to a machine."""
MINUS = {"minus", "negative"}
DIGITS = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?")
TOKEN = re.compile(r"-?\d+(?:\.\d+)?|[a-z]+(?:'[a-z]+)?")

Number = int | float


def words(text: str) -> list[str]:
    """Lower-case words and numbers of a text, without punctuation; hyphens divide."""
    return TOKEN.findall(re.sub(r"(?<=[a-z])-", " ", text.lower()))


def numbers_in(text: str) -> list[Number]:
    """All numbers of a text, in order, written in digits or words."""
    found: list[Number] = []
    tokens = words(text)
    index = 0
    while index < len(tokens):
        value, used = number_at(tokens, index)
        if used:
            found.append(value)
        index += used or 1
    return found


def number_at(tokens: Sequence[str], start: int) -> tuple[Number, int]:
    """The number that begins at `tokens[start]` and how many tokens it takes; 0: there is none."""
    if tokens[start] in MINUS and start + 1 < len(tokens):
        value, used = _unsigned(tokens, start + 1)
        return (-value, used + 1) if used else (0, 0)
    return _unsigned(tokens, start)


def in_words(value: Number) -> str:
    """`25` becomes "twenty five", `0.5` "zero point five"; from a million on, digits stay digits.

    Three decimals are spoken.
    """
    if value < 0:
        return f"minus {in_words(-value)}"
    if not value < 1_000_000:
        return str(value)
    whole, _, decimals = f"{value:.3f}".rstrip("0").partition(".")
    spoken = _whole_in_words(int(whole))
    return (
        f"{spoken} point {' '.join(ONES[int(digit)] for digit in decimals)}" if decimals else spoken
    )


def _whole_in_words(value: int) -> str:
    if value < 20:
        return ONES[value]
    if value < 100:
        tens = TENS[value // 10 - 2]
        return tens if value % 10 == 0 else f"{tens} {ONES[value % 10]}"
    scale, name = (1000, "thousand") if value >= 1000 else (100, "hundred")
    rest = f" {_whole_in_words(value % scale)}" if value % scale else ""
    return f"{_whole_in_words(value // scale)} {name}{rest}"


def _unsigned(tokens: Sequence[str], start: int) -> tuple[Number, int]:
    token = tokens[start]
    if DIGITS.fullmatch(token):
        number: Number = float(token) if "." in token else int(token)
        return _and_a_half(tokens, start, number, start + 1)
    if token in FRACTIONS:
        return FRACTIONS[token], 1
    if token == "a" and start + 1 < len(tokens) and tokens[start + 1] in SCALES:
        value, used = _cardinal(["one", *tokens[start + 1 :]], 0)
        return value, used
    if token not in SMALL:
        return 0, 0
    value, used = _cardinal(tokens, start)
    index = start + used
    if _small(tokens, index + 1) and tokens[index] == "point":
        digits = ""
        index += 1
        while index < len(tokens) and SMALL.get(tokens[index], 10) < 10:
            digits += str(SMALL[tokens[index]])
            index += 1
        if digits:
            return float(f"{value}.{digits}"), index - start
    return _and_a_half(tokens, start, value, start + used)


def _cardinal(tokens: Sequence[str], start: int) -> tuple[int, int]:
    total, current, index = 0, SMALL[tokens[start]], start + 1
    while index < len(tokens) and total + current < LARGEST:
        word = tokens[index]
        if word in SCALES:
            total, current = _scaled(total, current, SCALES[word])
        elif word == "and" and tokens[index - 1] in SCALES and _small(tokens, index + 1):
            pass
        elif word in SMALL and _continues(tokens[index - 1], word):
            current += SMALL[word]
        else:
            break
        index += 1
    return total + current, index - start


def _and_a_half(tokens: Sequence[str], start: int, value: Number, end: int) -> tuple[Number, int]:
    """Adds "and a half", which the number before it does not end with."""
    if list(tokens[end : end + 2]) == ["and", "a"]:
        fraction = FRACTIONS.get(tokens[end + 2]) if end + 2 < len(tokens) else None
        if fraction is not None:
            return value + fraction, end + 3 - start
    return value, end - start


def _scaled(total: int, current: int, scale: int) -> tuple[int, int]:
    return (total, current * scale) if scale == 100 else (total + current * scale, 0)


def _small(tokens: Sequence[str], index: int) -> bool:
    return index < len(tokens) and SMALL.get(tokens[index], 100) < 100


def _continues(previous: str, word: str) -> bool:
    if previous in SCALES or previous == "and":
        return True
    return previous in TENS and 0 < SMALL[word] < 10
