"""Text for one line of a terminal."""

from __future__ import annotations

import unicodedata


def one_line(text: str) -> str:
    """Return `text` on one line, without what would steer the terminal."""
    spaced = " ".join(text.split())
    return "".join(char for char in spaced if unicodedata.category(char) != "Cc")
