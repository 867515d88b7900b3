"""A text becomes sentences while it is written, whatever the language and the pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.lib.speech.sentences import LONGEST, SentenceSplitter, SpokenSentences, sentences


def split(text: str, size: int = 1, language: str | None = None) -> list[str]:
    splitter = SentenceSplitter(language)
    sentences: list[str] = []
    for start in range(0, len(text), size):
        sentences += splitter.feed(text[start : start + size])
    return sentences + splitter.flush()


@pytest.mark.parametrize(
    "sentences",
    [
        ["Moving forward. ", "Ten meters are done!"],
        ["Is it 3.5 meters? ", "Yes, it is."],
        ["Dr. Smith met Mr. J. Brown at 5 p.m. in town. ", "They talked..."],
        ['He said "Stop!" ', "Then he left."],
        ["Der 3. Mai ist z.B. ein Sonntag. ", "Gut."],
        ["Es war 2026. ", "Dann kam der Herbst."],
        ["¿Qué hora es? ", "¡Son las tres! ", "Vale."],
        ["Il fait beau aujourd'hui\u202f! ", "N'est-ce pas\u202f?"],
        ["今日は天気がいいです。", "散歩に行きましょう！", "はい。"],  # noqa: RUF001
        ["你好。", "我是机器人。"],
        ["هل أنت بخير؟ ", "نعم."],
        ["यह एक वाक्य है। ", "दूसरा वाक्य।"],
        ["First line\n", "Second line\n", "Third"],
        ["Wait... what is this? ", "I see."],
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_text_is_cut_after_each_sentence(sentences: list[str], size: int) -> None:
    assert split("".join(sentences), size) == sentences


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("pl-PL", ["Mieszkam przy ul. Długiej. ", "Jest tam prof. Nowak. ", "Dobrze."]),
        ("ru", ["Он живёт на ул. Ленина. ", "Это г. Москва. ", "Да."]),  # noqa: RUF001
        ("it", ["Il sig. Rossi è qui. ", "Abita in p.zza Roma."]),
        ("cs", ["Bydlím v ul. Karlova. ", "Je tam např. Praha."]),
        ("el", ["Ο κ. Παπάς είναι εδώ. ", "Ναι."]),  # noqa: RUF001
        ("German", ["Das ist Hr. Müller. ", "Am 3. Mai kommt er ca. Montag. ", "Gut."]),
        ("es-MX", ["La Sra. López vive en la Avda. Colón. ", "Sí."]),
        ("pt", ["Ele mora na Av. Brasil. ", "O Sr. Silva também."]),
        ("hi", ["यह एक वाक्य है। ", "दूसरा वाक्य।"]),
        ("ar", ["هل أنت بخير؟ ", "نعم. ", "شكرا."]),
        ("ja", ["今日は天気がいいです。", "はい。"]),
        ("my", ["မင်္ဂလာပါ။ ", "ကောင်းပါတယ်။"]),
        ("xx", ["One two. ", "Three."]),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_named_language_has_its_own_short_forms(
    language: str, sentences: list[str], size: int
) -> None:
    assert split("".join(sentences), size, language) == sentences


@given(st.text(alphabet="aB. !?\n3。,'\"", max_size=300), st.integers(1, 40))
def test_nothing_is_lost_where_the_language_is_named(text: str, size: int) -> None:
    assert "".join(split(text, size, "de")) == text
    assert split(text, size, "de") == split(text, 1, "de") or len(text) > LONGEST


def test_sentence_is_given_before_the_next_one_is_complete() -> None:
    splitter = SentenceSplitter()
    assert splitter.feed("It is late. T") == ["It is late. "]


def test_endless_sentence_is_cut_at_a_pause() -> None:
    text = ", ".join(["one more thing"] * 60)
    pieces = split(text, 5)
    assert all(len(piece) <= LONGEST for piece in pieces)
    assert all(piece.endswith(", ") for piece in pieces[:-1])


def test_text_without_any_space_is_cut_all_the_same() -> None:
    assert [len(piece) for piece in split("ก" * (LONGEST + 20), 9)] == [LONGEST, 20]


@given(st.text(alphabet="aB. !?\n3。,'\"", max_size=700), st.integers(1, 40))
def test_nothing_is_lost_and_pieces_do_not_matter(text: str, size: int) -> None:
    assert "".join(split(text, size)) == text
    if len(text) <= LONGEST:
        assert split(text, size) == split(text, 1)


TEXT = st.text(alphabet=st.sampled_from("ab .!?:\n*<>"), max_size=60)


def cut(text: str, size: int) -> list[str]:
    cutter = SpokenSentences()
    found = [s for i in range(0, len(text), size) for s in cutter.feed(text[i : i + size])]
    return found + cutter.rest()


def test_sentence_is_given_as_soon_as_the_next_begins() -> None:
    cutter = SpokenSentences()
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
