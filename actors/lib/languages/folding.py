"""Text as it is compared: what recognisers and keyboards write differently is made the same."""

from __future__ import annotations

import re
import unicodedata

_SIGNS = re.compile("[\u0300-\u036f\u0640\u064b-\u0655\u0670\u093c]")
"""Latin accents; Arabic vowels, hamza and the stroke that lengthens a word; the Devanagari nukta:
often left out."""
_SAME = str.maketrans({"\u0671": "\u0627", "\u0649": "\u064a", "\u0629": "\u0647", "\u2019": "'"})
"""Arabic letters that are written one way or the other, and the apostrophe."""


def fold(text: str) -> str:
    """Return a text without case, accents and the like; Unicode digits are ASCII digits.

    Patterns stay patterns: punctuation is kept.
    """
    plain = _SIGNS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    plain = unicodedata.normalize("NFC", plain).translate(_SAME)
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in plain)


def words_of(text: str) -> str:
    """Return the words of a text, folded, with one space between them and no punctuation."""
    return without_punctuation(fold(text))


def without_punctuation(text: str) -> str:
    """Return the words of a text of any script, with one space between them."""
    folded = f" {text} "
    kept = [
        character if _is_kept(*folded[at - 1 : at + 2]) else " "
        for at, character in enumerate(folded[:-1])
        if at
    ]
    return " ".join("".join(kept).split())


def _is_kept(before: str, character: str, after: str) -> bool:
    if unicodedata.category(character)[0] in "LMN":
        return True
    if character == "'":
        return before.isalpha() and after.isalpha()
    if character == "-":
        return after.isdecimal() and not before.isalnum()
    return character in ".," and before.isdecimal() and after.isdecimal()
