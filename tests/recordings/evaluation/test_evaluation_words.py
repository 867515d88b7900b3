"""Word errors."""

from __future__ import annotations

import pytest

from actors.recordings.evaluation.words import WordErrors, normalised, word_errors


@pytest.mark.parametrize(
    ("said", "understood", "errors"),
    [
        ("go forward ten meters", "Go forward 10 meters!", (4, 0, 0, 0)),
        ("go forward ten meters", "Go forward two meters.", (4, 1, 0, 0)),
        ("go forward ten meters", "Forward ten meters", (4, 0, 1, 0)),
        ("go forward ten meters", "Go forward ten more meters", (4, 0, 0, 1)),
        ("go forward ten meters", "", (4, 0, 4, 0)),
        ("", "", (0, 0, 0, 0)),
        ("", "thank you", (0, 0, 0, 2)),
        ("thirty three four six ninety two", "33, 4, 6, 92", (6, 0, 0, 0)),
        ("mister John", "Mr. John", (2, 0, 0, 0)),
        ("cold hearted", "Cold-hearted.", (2, 0, 0, 0)),
        ("don't stop", "Don’t stop", (2, 0, 0, 0)),
        ("three and a half: 3.5", "three and a half three point five", (7, 0, 0, 0)),
        ("größer als Äpfel", "Grösser als äpfel", (3, 0, 0, 0)),
        ("कितने बजे हैं", "कितने बजे हैं?", (3, 0, 0, 0)),
        ("कितने बजे हैं", "कितने बाजे हैं?", (3, 1, 0, 0)),
        ("كم الساعة الآن؟", "كم الساعة", (3, 0, 1, 0)),
        ("今何時ですか。", "今何時ですか", (6, 0, 0, 0)),
        ("今何時ですか。", "今何字です", (6, 1, 1, 0)),
    ],
)
def test_words_are_counted_as_they_sound(
    said: str, understood: str, errors: tuple[int, int, int, int]
) -> None:
    assert word_errors(said, understood) == WordErrors(*errors)


def test_text_without_latin_letters_is_kept() -> None:
    assert normalised("Привет, МИР!") == "привет мир"
