"""Reads JSON values that must be objects or lists; anything else is refused."""

from typing import Any

from actors.backends.gemini.wire import INVALID_ARGUMENT
from actors.simulator.errors import Refused


def as_object(value: Any) -> dict[str, Any]:
    """An object; null is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused(1007, INVALID_ARGUMENT)
    return value


def as_objects(value: Any) -> list[dict[str, Any]]:
    """A list of objects; null is an empty one."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise Refused(1007, INVALID_ARGUMENT)
    return [as_object(item) for item in value]


def content_parts(content: Any) -> list[dict[str, Any]]:
    """The parts of a Content."""
    return as_objects(as_object(content).get("parts"))


def content_text(content: Any) -> str:
    """The text of a Content, its parts joined by line ends."""
    texts = [part["text"] for part in content_parts(content) if "text" in part]
    if not all(isinstance(text, str) for text in texts):
        raise Refused(1007, INVALID_ARGUMENT)
    return "\n".join(texts)
