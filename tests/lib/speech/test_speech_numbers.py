"""Numbers in words and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.lib.speech.numbers import in_words, numbers_in


@given(st.integers(0, 999_999))
def test_numbers_in_words_are_understood_again(value: int) -> None:
    assert numbers_in(f"go {in_words(value)} meters") == [value]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thirty three, four, six, ninety two.", [33, 4, 6, 92]),
        ("two point five meters", [2.5]),
        ("turn -3.5 degrees", [-3.5]),
        ("one hundred and five", [105]),
        ("half a meter", [0.5]),
        ("twenty-one, twenty", [21, 20]),
        ("two and a half meters and a half", [2.5, 0.5]),
        ("a hundred and one", [101]),
        ("minus twenty degrees", [-20]),
        ("a quarter", [0.25]),
        ("two point", [2]),
        ("hundred " * 50, []),
        ("nothing here", []),
    ],
)
def test_numbers_are_found_in_speech(text: str, expected: list[float]) -> None:
    assert numbers_in(text) == expected


@given(st.integers(0, 999_999_999))
def test_decimals_in_words_are_understood_again(thousandths: int) -> None:
    value = thousandths / 1000
    assert numbers_in(in_words(value)) == [value]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (10.0, "ten"),
        (0.5, "zero point five"),
        (-3.25, "minus three point two five"),
        (0.9999, "one"),
        (1_000_000, "1000000"),
        (10**400, str(10**400)),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
    ],
)
def test_number_of_any_size_can_be_said(value: float, expected: str) -> None:
    assert in_words(value) == expected
