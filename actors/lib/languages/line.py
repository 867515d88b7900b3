"""A line to be said: as it is written for the eye, and as the voice is to speak it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_READING = re.compile(r"\[([^|\[\]]*)\|([^\[\]]*)\]")
_VOWEL_SIGNS = re.compile("[\u064b-\u0652\u0670]")
"""Arabic vowels (Unicode's harakat): readers do without, a voice does not."""


@dataclass(frozen=True)
class Line:
    """What is said.

    Attributes:
        written: For transcripts and screens.
        spoken: For the voice; where nothing else is named, the same.
    """

    written: str
    spoken: str = ""

    def __post_init__(self) -> None:
        if not self.spoken:
            object.__setattr__(self, "spoken", self.written)

    def __bool__(self) -> bool:
        return bool(self.written.strip())


def line(template: str, **values: Line | str) -> Line:
    """Return a template filled in.

    Args:
        template: `{name}` stands for a value, `[3分|さんぷん]` for what is written and how it is
            read; Arabic vowel signs are for the voice alone.
        values: By name.
    """
    lines = {name: v if isinstance(v, Line) else Line(v) for name, v in values.items()}
    seen: dict[str, Any] = {name: each.written for name, each in lines.items()}
    heard: dict[str, Any] = {name: each.spoken for name, each in lines.items()}
    written = _VOWEL_SIGNS.sub("", _READING.sub(r"\1", template)).format_map(seen)
    return Line(written, _READING.sub(r"\2", template).format_map(heard))


def joined(first: Line, second: Line) -> Line:
    """Return one line after the other."""
    written = f"{first.written}{gap_after(first.written)}{second.written}"
    return Line(written, f"{first.spoken} {second.spoken}")


def gap_after(sentence: str) -> str:
    """Return what is between a sentence and the next: scripts without spaces have none there."""
    return "" if not sentence or sentence.endswith(("。", "！", "？")) else " "  # noqa: RUF001
