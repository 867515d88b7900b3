"""How Japanese text is read: espeak-ng knows kana and spells the other signs."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from typing import Any

_HAN = re.compile("[\u3400-\u9fff\u3005]")
_PARTICLES = {"は": "ワ", "へ": "エ"}
"""Particles that are not read as they are written."""


def in_kana(text: str) -> str:
    """Return a Japanese text as it is read; as it is where that needs the extra `japanese`."""
    if not _HAN.search(text) or find_spec("sudachipy") is None:
        return text
    return "".join(_reading(each) for each in _tokenizer().tokenize(text))


def _reading(morpheme: Any) -> str:
    surface = str(morpheme.surface())
    if morpheme.part_of_speech()[0] == "助詞":
        return _PARTICLES.get(surface, surface)
    # Only what has signs that the voice cannot read; digits it counts by itself.
    return str(morpheme.reading_form()) if _HAN.search(surface) else surface


@cache
def _tokenizer() -> Any:
    from sudachipy import Dictionary

    return Dictionary(dict="small").tokenizer()
