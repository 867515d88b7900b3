"""Values of frames as JSON that every parser takes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from pipeline.frames.values import json_text


@dataclass
class Row:
    """Something that JSON has no form for."""

    level: float


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            {"a": [1.5, float("nan")], "b": float("inf"), "c": "NaN"},
            '{"a": [1.5, null], "b": null, "c": "NaN"}',
        ),
        ([Row(float("-inf")), Row(2.0)], '[{"level": null}, {"level": 2.0}]'),
        ({"a": "é", "b": 9**40}, f'{{"a": "é", "b": {9**40}}}'),
    ],
)
def test_no_number_that_json_lacks_is_written(value: Any, text: str) -> None:
    written = json_text(value, ensure_ascii=False, default=asdict)
    assert written == text
    json.loads(written, parse_constant=pytest.fail)
