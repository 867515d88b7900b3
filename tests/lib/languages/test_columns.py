"""How wide texts are, and where they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.lib.languages.columns import columns_of, cut_to, pieces_of
from actors.recordings.fonts import FILES, OWN, families_for


@pytest.mark.parametrize(
    ("text", "columns"),
    [("Hello", 5), ("明日は", 6), ("नमस्ते", 4), ("مَرْحَبًا", 5), ("７０％", 6), ("", 0)],
)
def test_a_text_is_as_wide_as_its_signs(text: str, columns: int) -> None:
    assert columns_of(text) == columns


def test_a_subtitle_is_cut_at_spaces_or_between_signs() -> None:
    assert pieces_of("one two three", 8) == ["one two", "three"]
    assert pieces_of("明日は雨が降りますか。", 10) == ["明日は雨が", "降りますか", "。"]
    assert pieces_of("  ", 10) == []
    assert pieces_of("Donaudampfschifffahrt ja", 8) == ["Donaudam", "pfschiff", "fahrt ja"]


@given(st.text(alphabet="ab 明はनमस्ते", max_size=60), st.integers(2, 20))
def test_no_sign_is_lost_and_no_piece_is_too_wide(text: str, columns: int) -> None:
    pieces = pieces_of(text, columns)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(columns_of(piece) <= columns for piece in pieces)
    assert text.startswith(cut_to(text, columns))


def test_latin_letters_need_no_font_of_the_machine() -> None:
    assert families_for(["Größe", "Привет", "مرحبا", "שלום"]) == [OWN]


def test_a_script_without_a_font_here_is_drawn_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("matplotlib.font_manager.findSystemFonts", list)
    assert families_for(["明日は", "नमस्ते"]) == [OWN]
    assert {"ja", "hi", "zh", "ko", "th"} == set(FILES)
