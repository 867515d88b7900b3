"""Word error rate; case and punctuation are ignored. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from actors.lib.languages.folding import without_punctuation
from actors.lib.languages.tags import WITHOUT_SPACES, written_in
from actors.lib.speech.numbers import DIGITS, in_words

ABBREVIATIONS = {"mr": "mister", "mrs": "missus", "dr": "doctor"}
"""Recognisers write what nobody says."""

APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
_TOKEN = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+(?:'[^\W\d_]+)*")


class WordErrors(NamedTuple):
    """How what was understood differs from what was said.

    Attributes:
        reference: Words that were said.
        substituted: Of these, those understood as others.
        deleted: Of these, those not understood.
        inserted: Words understood that were not said.
    """

    reference: int
    substituted: int
    deleted: int
    inserted: int

    @property
    def errors(self) -> int:
        """All of them."""
        return self.substituted + self.deleted + self.inserted


def normalised(text: str) -> str:
    """Return the words in lower case, without punctuation, numbers in English words.

    Of scripts that put no space between words every sign is one: what is counted is then the
    character error rate, as is usual for them.
    """
    words = []
    for word in _words(text.casefold().replace(APOSTROPHE, "'")):
        if DIGITS.fullmatch(word):
            words.append(in_words(float(word) if "." in word else int(word)))
        else:
            words.append(ABBREVIATIONS.get(word, word))
    return " ".join(words)


def _words(text: str) -> Iterator[str]:
    for word in without_punctuation(text).split():
        if written_in(word) in WITHOUT_SPACES:
            yield from word
        elif any(unicodedata.category(character)[0] == "M" for character in word):
            # Vowel signs, which no class of `re` knows as part of a word.
            yield word
        else:
            yield from _TOKEN.findall(word)


def word_errors(said: str, understood: str) -> WordErrors:
    """Align the words of both and count what differs; the fewest errors possible."""
    import jiwer

    reference, hypothesis = normalised(said), normalised(understood)
    if not reference:
        return WordErrors(0, 0, 0, len(hypothesis.split()))
    found = jiwer.process_words(reference, hypothesis)
    return WordErrors(
        len(reference.split()), found.substitutions, found.deletions, found.insertions
    )
