"""An API key as people paste it: what surrounds it goes, what is wrong in it is said."""

from __future__ import annotations

import re
import unicodedata

from pipeline.errors import CredentialError

QUOTES = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb"
"""What people and word processors put around a value."""
INVISIBLE = frozenset({"Cf", "Mn"})
"""Unicode categories of what no one sees: zero-width spaces and joiners, byte-order marks, marks of
direction, soft hyphens, variation selectors."""
IN_A_KEY = re.compile(r"[!-~]+")
NEVER_IN_A_KEY = re.compile(r"[\"'`#<>{}()\[\]\\]")
"""Printable, and in no key of Google: what is left of a comment, a placeholder or a command."""


def clean_key(text: str, where: str) -> str:
    """Return the key in `text`, without white space, quotes and invisible letters.

    Args:
        text: As it was given.
        where: It was given, for the complaint.

    Raises:
        CredentialError: there is a letter in it that no key has; says which, and never the key.
    """
    key = "".join(each for each in text if unicodedata.category(each) not in INVISIBLE)
    key = key.strip().strip(QUOTES).strip()
    for at, letter in enumerate(key, start=1):
        if not IN_A_KEY.fullmatch(letter) or NEVER_IN_A_KEY.fullmatch(letter):
            raise CredentialError(
                f"the API key in {where} is no key: its letter {at} of {len(key)} is "
                f"{_named(letter)}; copy the key again from where it was made"
            )
    return key


def _named(letter: str) -> str:
    if letter in "\r\n":
        return "a line feed"
    if letter == " ":
        return "a space"
    name = unicodedata.name(letter, f"U+{ord(letter):04X}")
    looks_like = "" if letter.isascii() else ", which no key has"
    return f"{name}{looks_like}"
