"""Phrases: the table of one language."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache, cached_property

from pydantic import BaseModel, ConfigDict, Field

from actors.lib.languages.clock import DateWords, TimeWords, number
from actors.lib.languages.folding import fold, words_of
from actors.lib.languages.line import Line, line
from actors.lib.languages.tags import TABLES, WITHOUT_SPACES, base_of, tabled
from actors.lib.speech.numbers import in_words
from pipeline.yaml_text import read_yaml


class Intent(StrEnum):
    """What a person may want of the device itself."""

    TIME = "time"
    DATE = "date"
    REPEAT = "repeat"
    MY_WORDS = "my_words"
    TROUBLE = "trouble"
    WHO = "who"
    STOP = "stop"
    THANKS = "thanks"
    HELLO = "hello"


class Phrases(BaseModel):
    """What the device says in a language, and by which words it knows what is wanted.

    Templates are as in `line`; patterns are regular expressions over folded words, whole words
    where the language has spaces between them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    voice: str = Field(description="Of espeak-ng.")
    counts_in_words: bool = False
    digits: str = Field("0123456789", min_length=10, max_length=10)
    notice: str
    not_heard: str
    no_ears: str
    greeting: str
    not_done: str
    left_out: str
    nothing_said: str
    nothing_from_you: str
    you_said: str
    who: str
    stopped: str
    welcome: str
    hello: str
    done: str
    failed: str
    reading: str
    no_reading: str
    switch: dict[str, str]
    fine: str
    alone: str
    again: str
    cannot: str
    reasons: dict[str, str]
    wait: dict[str, dict[int | str, str]]
    clock: TimeWords
    date: DateWords
    intents: dict[Intent, tuple[str, ...]]

    def say(self, phrase: str, **values: Line | str) -> Line:
        """Return one of the phrases, by its name, filled in."""
        return line(getattr(self, phrase), **values)

    def duration(self, count: int, unit: str) -> Line:
        """Return so many of `second`, `minute` or `hour`."""
        forms = self.wait[unit]
        template = next(
            (form for key, form in forms.items() if key != "other" and _counts(key, count)),
            forms["other"],
        )
        shown = Line(in_words(count)) if self.counts_in_words else number(count, self.digits)
        return line(template, n=shown)

    def intent_of(self, said: str) -> Intent | None:
        """Return what is wanted; None: nothing that the device knows by itself."""
        plain = words_of(said)
        # There a pattern may begin anywhere.
        if self._joined:
            plain = plain.replace(" ", "")
        found = (each for each, patterns in self._patterns if patterns.search(plain))
        return next(found, None)

    @cached_property
    def _joined(self) -> bool:
        return self.code in WITHOUT_SPACES

    @cached_property
    def _patterns(self) -> list[tuple[Intent, re.Pattern[str]]]:
        ends = ("", "") if self._joined else (r"(?<!\S)", r"(?!\S)")
        return [
            (intent, re.compile("|".join(f"{ends[0]}(?:{fold(p)}){ends[1]}" for p in patterns)))
            for intent, patterns in self.intents.items()
        ]


def phrases_of(language: str) -> Phrases | None:
    """Return the table of a language; None: there is none."""
    return table_of(language) if base_of(language) in tabled() else None


def table_of(language: str) -> Phrases:
    """Return the table of a language that has one."""
    return _table(base_of(language))


@cache
def _table(code: str) -> Phrases:
    return Phrases.model_validate({"code": code, **read_yaml(TABLES / f"{code}.yaml")})


def _counts(key: int | str, count: int) -> bool:
    first, _, last = str(key).partition("-")
    return int(first) <= count <= int(last or first)
