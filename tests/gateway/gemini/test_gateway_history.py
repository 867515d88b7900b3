"""What clients say was said before, in the words in which the model is told."""

from __future__ import annotations

from typing import Any

import pytest

from actors.gateway.gemini.history import said_before
from pipeline.frames import Side


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ({"text": "Hello."}, "Hello."),
        (
            {"functionResponse": {"name": "note", "response": {"result": 1}}},
            'The function note that you called returned {"result": 1}',
        ),
        ({"functionResponse": {}}, "The function without a name that you called returned {}"),
        ({"functionCall": {"name": "note"}}, "(I call the function note with {})"),
        ({"functionCall": {}}, "(I call the function without a name with {})"),
    ],
)
def test_calls_are_told_in_words_with_a_name_or_without(part: dict[str, Any], says: str) -> None:
    assert said_before([{"role": "user", "parts": [part]}]) == [(Side.USER, says)]
