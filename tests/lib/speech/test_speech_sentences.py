"""Sentences from text that comes in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.lib.speech.sentences import SentenceCutter, sentences

TEXT = st.text(alphabet=st.sampled_from("ab .!?:\n*<>"), max_size=60)


def cut(text: str, size: int) -> list[str]:
    cutter = SentenceCutter()
    found = [s for i in range(0, len(text), size) for s in cutter.feed(text[i : i + size])]
    return found + cutter.rest()


def test_sentence_is_given_as_soon_as_the_next_begins() -> None:
    cutter = SentenceCutter()
    assert cutter.feed("It is 3.5 met") == []
    assert cutter.feed("ers. And") == ["It is 3.5 meters."]
    assert cutter.rest() == ["And"]
    assert cutter.rest() == []


@pytest.mark.parametrize("size", [1, 3, 200])
def test_thoughts_and_markup_are_not_read_out(size: int) -> None:
    text = "<think>Hm. What\n could I say? </think>**Yes.** It is `so`.\n\n# Or not"
    assert cut(text, size) == ["Yes.", "It is so.", "Or not"]
    assert cut("<think>Hm. This goes on. ", size) == []


@given(text=TEXT, size=st.integers(1, 20))
def test_words_are_the_same_whatever_the_pieces(text: str, size: int) -> None:
    assert " ".join(cut(text, size)).split() == " ".join(cut(text, 1000)).split()


@given(text=st.text(alphabet=st.sampled_from("ab .!?:\n"), max_size=60))
def test_no_word_is_lost(text: str) -> None:
    assert " ".join(sentences(text)).split() == text.split()
