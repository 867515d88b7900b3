"""The contents of a request: what was said before, and what is said now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from actors.backends.gemini.wire import invalid
from actors.backends.gemini.wire.contents import Content, Part
from pipeline.frames import Side

LAST_TURN = "Please ensure that multiturn requests end with a user turn or a function response."


def split(contents: Sequence[Content]) -> tuple[list[Content], list[Part]]:
    """Return the contents of before, and the parts of the user's turn with which they end.

    Raises:
        Invalid: they end with the model's.
    """
    end = len(contents)
    while end and contents[end - 1].get("role") != "model":
        end -= 1
    parts = [part for content in contents[end:] for part in content["parts"]]
    if not parts:
        raise invalid(LAST_TURN)
    return list(contents[:end]), parts


def said_before(contents: Sequence[Content]) -> list[tuple[Side, str]]:
    """Return who said what. What was shown or sent as sound is not heard again."""
    said: list[tuple[Side, str]] = []
    for content in contents:
        side = Side.MODEL if content.get("role") == "model" else Side.USER
        text = "\n".join(filter(None, map(_in_words, content.get("parts", ()))))
        if text.strip():
            said.append((side, text))
    return said


def calls_of(contents: Sequence[Content]) -> list[Part]:
    """Return the parts with function calls of the last content."""
    parts = contents[-1]["parts"] if contents else []
    return [part for part in parts if "functionCall" in part]


def response_in_words(response: dict[str, Any]) -> str:
    """Return what a function answered, for a model that did not call it itself."""
    result = _json(response.get("response", {}))
    return f"The function {_name(response)} that you called returned {result}"


def _in_words(part: Part) -> str:
    if part.get("thought"):
        return ""
    if "functionCall" in part:
        call = part["functionCall"]
        return f"(I call the function {_name(call)} with {_json(call.get('args', {}))})"
    if "functionResponse" in part:
        return response_in_words(part["functionResponse"])
    text: str = part.get("text", "")
    return text


def _name(called: dict[str, Any]) -> str:
    # Over HTTP one without a name was refused before; a Live session is not ended for it.
    return str(called.get("name") or "without a name")


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
