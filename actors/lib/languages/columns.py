"""How much room a text takes: signs of Chinese, Japanese and Korean are two letters wide."""

from __future__ import annotations

import unicodedata


def columns_of(text: str) -> int:
    """Return the width of a text in Latin letters."""
    return sum(_width(character) for character in text)


def cut_to(text: str, columns: int) -> str:
    """Return as much of the beginning of a text as there is room for; vowel signs stay."""
    taken = 0
    for index, character in enumerate(text):
        taken += _width(character)
        if taken > columns:
            return text[:index]
    return text


def pieces_of(text: str, columns: int) -> list[str]:
    """Return a text in pieces of so much room at most, cut at spaces where it has them."""
    pieces: list[str] = []
    rest = " ".join(text.split())
    while columns_of(rest) > columns:
        head = cut_to(rest, columns)
        if rest[len(head)] != " " and " " in head:
            head = head[: head.rindex(" ")]
        pieces.append(head.rstrip())
        rest = rest[len(head) :].lstrip()
    return [*pieces, rest] if rest else pieces


def _width(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
