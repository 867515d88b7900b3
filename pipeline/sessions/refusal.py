"""Limits of a session: what it may ask for, and why one that asks for more is refused. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pipeline.frames.sessions import SessionOpened
from pipeline.frames.turns import MOST_TEXT_CHARACTERS
from pipeline.frames.values import problem_of
from pipeline.languages import languages_of
from pipeline.logs import in_one_line

MOST_NAME_CHARACTERS = 200
"""Longest name of a session: it is part of turn ids, file names and log lines."""
LANGUAGE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,8}")
"""Shape of RFC 5646, and with `_` as many write it: the code becomes part of an instruction."""
MOST_LANGUAGE_CHARACTERS = 200
"""Of all languages of a session: some thirty."""
MOST_INSTRUCTION_CHARACTERS = 100_000
"""Longest system instruction: some 25,000 tokens of the 128k a Live session has."""
MOST_HISTORY_CHARACTERS = MOST_TEXT_CHARACTERS
"""Of what was said before a session, in all: it is part of what its model is asked."""
MOST_LABEL_CHARACTERS = 4000
"""Of all labels of a session: they are in each of its log lines."""
MOST_FUNCTIONS = 128
"""Declared by one session: as many as Gemini takes."""
MOST_FUNCTION_NAME = 128
FUNCTION_NAME = re.compile(rf"[A-Za-z_][A-Za-z0-9_.:-]{{0,{MOST_FUNCTION_NAME - 1}}}")
"""As the Gemini API documents the names of function declarations."""
MOST_FUNCTION_CHARACTERS = 32_000
"""Of one declaration: ten times the longest of the packaged examples."""
MOST_DETAIL_CHARACTERS = 500
"""Longest reason in words of an end: a few lines for a person."""


def refusal(opened: SessionOpened) -> str:
    """Return why a session cannot be opened as asked, in words; empty if it can."""
    name = opened.session
    if not name or len(name) > MOST_NAME_CHARACTERS:
        return f"a session's name has 1 to {MOST_NAME_CHARACTERS} characters, not {len(name)}"
    if in_one_line(name) != name:
        return "a session's name has no line breaks and other control characters"
    length = len(opened.language or "")
    if length > MOST_LANGUAGE_CHARACTERS:
        return f"languages have up to {MOST_LANGUAGE_CHARACTERS} characters in all, not {length}"
    for language in languages_of(opened.language):
        if not LANGUAGE.fullmatch(language):
            return f"{language[:40]!r} is no code of a language, such as 'de-DE'"
    length = len(opened.instruction or "")
    if length > MOST_INSTRUCTION_CHARACTERS:
        return f"an instruction has up to {MOST_INSTRUCTION_CHARACTERS} characters, not {length}"
    length = sum(len(words) for _, words in opened.history)
    if length > MOST_HISTORY_CHARACTERS:
        return f"a history has up to {MOST_HISTORY_CHARACTERS} characters in all, not {length}"
    length = label_characters(opened)
    if length > MOST_LABEL_CHARACTERS:
        return f"the labels have up to {MOST_LABEL_CHARACTERS} characters in all, not {length}"
    return wrong_functions(opened.functions)


def label_characters(opened: SessionOpened) -> int:
    """Return how long the labels of a session are in all."""
    return sum(len(key) + len(value) for key, value in opened.labels.items())


def wrong_functions(functions: Sequence[dict[str, Any]]) -> str:
    """Return which of the declared functions cannot be, and why; empty if all can."""
    if len(functions) > MOST_FUNCTIONS:
        return f"up to {MOST_FUNCTIONS} functions can be declared, not {len(functions)}"
    names: set[str] = set()
    for index, function in enumerate(functions):
        name = function.get("name")
        if not isinstance(name, str) or not name:
            return f"functions.{index}: no name"
        where = f"functions.{index} ({name[:MOST_FUNCTION_NAME]})"
        if not FUNCTION_NAME.fullmatch(name):
            return (
                f"{where}: a function's name has up to {MOST_FUNCTION_NAME} of "
                "A-Z a-z 0-9 _ . : -, the first a letter or _"
            )
        if name in names:
            return f"{where}: is declared twice"
        names.add(name)
        if problem := problem_of(function):
            return f"{where}: {problem}"
        if problem := _wrong_declaration(function):
            return f"{where}: {problem}"
    return ""


def _wrong_declaration(function: dict[str, Any]) -> str:
    for key in ("parameters", "parametersJsonSchema"):
        schema = function.get(key)
        if schema is not None and not isinstance(schema, dict):
            return f"{key} is no schema but a {type(schema).__name__}"
        if schema and str(schema.get("type", "object")).lower() != "object":
            return f"{key} is of the type object, not {str(schema.get('type'))[:80]!r}"
        properties = (schema or {}).get("properties") or {}
        if not isinstance(properties, dict) or not all(
            isinstance(each, dict) for each in properties.values()
        ):
            return f"{key}: `properties` are schemas by name"
    if not isinstance(function.get("description", ""), str):
        return "its description is a text"
    if len(repr(function)) > MOST_FUNCTION_CHARACTERS:
        return f"a declaration has up to {MOST_FUNCTION_CHARACTERS} characters"
    return ""
