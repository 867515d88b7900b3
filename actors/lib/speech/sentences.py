"""Text cut into sentences, so that the first sound leaves before the last word is known."""

from __future__ import annotations

import re

END = re.compile(r"(?<=[.!?:])\s+|\n+")
MARKUP = re.compile(r"[*#`_~]+")
"""What language models write for the eye."""
THOUGHT = re.compile(r"<think>.*?(?:</think>|$)", re.DOTALL)


def sentences(text: str) -> list[str]:
    """The sentences of a text that is all there."""
    return [part for part in (each.strip() for each in END.split(text)) if part]


class SentenceCutter:
    """Takes text in pieces of any size and gives whole sentences, without markup and thoughts."""

    def __init__(self) -> None:
        self._text = ""
        self._given = 0

    def feed(self, piece: str) -> list[str]:
        """The sentences that are complete now."""
        self._text += piece
        plain = THOUGHT.sub("", self._text)
        ends = [match.end() for match in END.finditer(plain) if match.end() > self._given]
        # A thought that may just begin is not read out.
        if not ends or "<" in plain[self._given :]:
            return []
        begin, self._given = self._given, ends[-1]
        return _clean(plain[begin : ends[-1]])

    def rest(self) -> list[str]:
        """What is left when no more text comes."""
        plain = THOUGHT.sub("", self._text)
        begin, self._given = self._given, len(plain)
        return _clean(plain[begin:])


def _clean(text: str) -> list[str]:
    return sentences(MARKUP.sub("", text))
