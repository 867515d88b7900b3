"""Sentence splitting, so that the first sound leaves before the last word is known."""

from __future__ import annotations

import re

from actors.lib.languages.tags import base_of

MARKUP = re.compile(r"[*#`_~]+")
"""What language models write for the eye."""
THOUGHT = re.compile(r"<think>.*?(?:</think>|$)", re.DOTALL)
LONGEST = 280
"""Characters after which a sentence is cut at a pause: some 20 s of speech. Some languages end
none with a mark, and a list may go on for ever."""
_SHORTENED = re.compile(
    r"mr|mrs|ms|dr|prof|sr|sra|st|jr|vs|etc|eg|ie|e\.g|i\.e|u\.s|u\.k|fig|vol|approx|dept|inc|ltd"
    r"|jan|feb|apr|aug|sep|sept|oct|nov|z\.b|d\.h|u\.a|bzw|evtl|ggf|nr|usw|vgl|sog"
    r"|p\.ex|av|mme|mlle|env|ej|ud|uds|pág|núm|a\.m|p\.m",
    re.IGNORECASE,
)
"""Words that end in a full stop, without it. One missing costs a pause in mid-sentence, one too
many a later start."""
_CLOSERS = "\"'”’»)]}›」』）】*_"  # noqa: RUF001
_STOP = re.compile(
    # A mark that ends a sentence and what closes it, before a space; marks that need no space; or
    # the end of a line.
    rf"[.!?…؟۔।॥։።။]+[{re.escape(_CLOSERS)}]*(?=\s)|[。！？｡]+[{re.escape(_CLOSERS)}]*|\n+"  # noqa: RUF001
)
_PAUSES = (re.compile(r"[,;:—،؛、，；：]+\s*"), re.compile(r"\s+"))  # noqa: RUF001
"""Where to cut, the best first."""


class SentenceSplitter:
    """Takes text in pieces, gives sentences with the space after them: joined, they are it.

    Args:
        language: Of the text, where it is known: then words that end in a full stop are known in
            some 300 languages, by sentencex; without it in a few.
    """

    def __init__(self, language: str | None = None) -> None:
        self._language = base_of(language) if language else ""
        self._held = ""

    def feed(self, text: str) -> list[str]:
        """Return the sentences that are complete now."""
        self._held += text
        complete = []
        while (end := self._end()) is not None:
            complete.append(self._held[:end])
            self._held = self._held[end:]
        return complete

    def flush(self) -> list[str]:
        """The text ends; return what is left."""
        held, self._held = self._held, ""
        return [held] if held else []

    def _end(self) -> int | None:
        for stop in _STOP.finditer(self._held):
            if not self._held[: stop.end()].strip():
                continue
            space = re.compile(r"\s*").match(self._held, stop.end())
            assert space is not None
            if space.end() == len(self._held):
                # Whether the sentence is over shows in what comes next.
                break
            if self._is_over(stop, self._held[space.end()]) and self._divides(stop, space.end()):
                return space.end()
        return self._cut() if len(self._held) > LONGEST else None

    def _is_over(self, stop: re.Match[str], following: str) -> bool:
        mark = stop.group().rstrip(_CLOSERS)
        if mark.strip(".…"):
            return True
        if mark != ".":
            return not following.islower()
        word = re.split(r"\s", self._held[: stop.start()])[-1].strip(_CLOSERS + "([{«“„¿¡")
        shortened = (
            _SHORTENED.fullmatch(word) is not None
            or (len(word) == 1 and word.isalpha() and word.isupper())
            # 3. Mai, 2. mars: an ordinal, unless the number is long, like a year.
            or (word.isdecimal() and len(word) <= 2 and following.isalpha())
        )
        return not shortened and not following.islower()

    def _divides(self, stop: re.Match[str], end: int) -> bool:
        """Whether a sentence ends there by the rules of the language, as far as it is known."""
        if not self._language or not stop.group().startswith("."):
            return True
        import sentencex

        # Not a letter more than has come in any case: the pieces must not matter.
        *_, last = sentencex.segment(self._language, self._held[: end + 1])
        return len(last) == 1

    def _cut(self) -> int:
        for kind in _PAUSES:
            pauses = [pause.end() for pause in kind.finditer(self._held, LONGEST // 2, LONGEST)]
            if pauses:
                return pauses[-1]
        return LONGEST


class SpokenSentences:
    """Takes text in pieces and gives its sentences as they are read out: without the thoughts and
    the markup of language models."""

    def __init__(self, language: str | None = None) -> None:
        self._text = ""
        self._read = 0
        self._splitter = SentenceSplitter(language)

    def feed(self, piece: str) -> list[str]:
        """Return the sentences that are complete now."""
        self._text += piece
        plain = THOUGHT.sub("", self._text)
        # A thought that may just begin is not read out.
        thought = plain.find("<", self._read)
        return _clean(
            self._splitter.feed(self._next(plain, len(plain) if thought < 0 else thought))
        )

    def rest(self) -> list[str]:
        """Return what is left when no more text comes."""
        plain = THOUGHT.sub("", self._text)
        sentences = self._splitter.feed(self._next(plain, len(plain)))
        return _clean(sentences + self._splitter.flush())

    def _next(self, plain: str, end: int) -> str:
        begin, self._read = self._read, end
        return plain[begin:end]


def sentences(text: str, language: str | None = None) -> list[str]:
    """Return the sentences of a text that is all there, without the space around them."""
    splitter = SentenceSplitter(language)
    return [each.strip() for each in splitter.feed(text) + splitter.flush() if each.strip()]


def _clean(sentences: list[str]) -> list[str]:
    plain = (MARKUP.sub("", each).strip() for each in sentences)
    return [each for each in plain if each]
