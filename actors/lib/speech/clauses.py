"""What was said, cut into sentences and words, with the quantities found in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from actors.lib.speech.numbers import Number, number_at
from actors.lib.speech.vocabulary import UNITS

COMMA = ","
CONNECTIVES = {COMMA, "and", "then", "afterwards"}
TOKEN = re.compile(r"-?\d+(?:\.\d+)?|[a-z]+(?:'[a-z]+)?|,")
MOST_CHARACTERS = 2_000
"""More than two minutes of speech: nobody commands a robot for that long."""


@dataclass(frozen=True)
class Quantity:
    """A number, its unit if one was said, and which words it takes."""

    value: Number
    unit: str
    start: int
    end: int

    @property
    def kind(self) -> str:
        """Length, angle, time, share; empty without a unit."""
        return UNITS[self.unit][0] if self.unit else ""

    def in_unit(self, unit: str) -> Number:
        """The value in another unit of the same kind; as it was said if either has none."""
        if not unit or not self.unit or UNITS[unit] == UNITS[self.unit]:
            return self.value
        # Rounded, because 0.01 m is not a whole number of binary fractions.
        return round(self.value * UNITS[self.unit][1] / UNITS[unit][1], 9)


def sentences_of(text: str) -> list[list[str]]:
    """The words of each sentence, in lower case; commas are words."""
    plain = text[:MOST_CHARACTERS].lower().replace("\u2019", "'").replace("°", " degrees ")
    plain = re.sub(r"(?<=\d),(?=\d{3}\b)", "", plain.replace("%", " percent "))
    plain = re.sub(r"(?<=[a-z])-", " ", plain)
    parts = re.split(r"[.!?;:]+(?!\d)|\bbut\b|\binstead\b", plain)
    return [tokens for part in parts if (tokens := TOKEN.findall(part))]


def quantities_in(tokens: Sequence[str]) -> list[Quantity]:
    """All numbers of a sentence, in order, with the units after them."""
    found: list[Quantity] = []
    index = 0
    while index < len(tokens):
        value, used = number_at(tokens, index)
        if not used and tokens[index] in {"a", "an"} and _unit_at(tokens, index + 1):
            value, used = 1, 1
        if used:
            unit, end = _unit_after(tokens, index + used)
            found.append(Quantity(value, unit, index, end))
            index = end
        else:
            index += 1
    return found


def pieces_of(tokens: Sequence[str]) -> list[list[str]]:
    """The sentence cut at commas, "and" and "then", but never within a quantity."""
    inside = {i for each in quantities_in(tokens) for i in range(each.start, each.end)}
    pieces: list[list[str]] = [[]]
    for index, token in enumerate(tokens):
        if token in CONNECTIVES and index not in inside:
            pieces.append([])
        else:
            pieces[-1].append(token)
    return [piece for piece in pieces if piece]


def _unit_after(tokens: Sequence[str], index: int) -> tuple[str, int]:
    """The unit at `index`, or after "of a", and the index behind it."""
    end = index
    while end < len(tokens) and end < index + 2 and tokens[end] in {"of", "a", "an"}:
        end += 1
    unit = _unit_at(tokens, end)
    return (unit, end + 1) if unit else ("", index)


def _unit_at(tokens: Sequence[str], index: int) -> str:
    return tokens[index] if index < len(tokens) and tokens[index] in UNITS else ""
