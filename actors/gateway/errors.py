"""What a caller did wrong, in words for who wrote its client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.errors import GreenroomError

REFUSED_AGAIN_S = 10
"""When a caller who was refused may ask again: conversations end all the time."""


class CallerError(GreenroomError):
    """A caller asked for what it cannot have, or sent what cannot be used."""


class ElsewhereError(CallerError):
    """The conversation is held in another room, where its caller is now."""


class UnreadableSoundError(CallerError):
    """What was sent as sound is none."""


class RefusedError(CallerError):
    """A conversation cannot be opened: too many are, or what it asks for cannot be had."""


class NoSessionError(CallerError):
    """There is no conversation of this name."""


class NoRoomError(CallerError):
    """There is no room of this name."""


class ExpiredSessionError(CallerError):
    """The conversation is over.

    Args:
        text: Which, and why.
        known: What is known of it.
    """

    def __init__(self, text: str, known: Mapping[str, Any] | None = None) -> None:
        super().__init__(text)
        self.known = dict(known or {})


class UnreadablePictureError(CallerError):
    """What was sent as a picture is none."""


class TooLargeError(CallerError):
    """What was sent is larger, or longer, than is taken."""


class CompressedError(CallerError):
    """A request was sent in a coding that is not taken."""


class SlowRequestError(CallerError):
    """The rest of a request does not come."""


class NoWordsError(CallerError):
    """A file could not be put into words in time."""


def explained(errors: Sequence[Any]) -> str:
    """Return the first of pydantic's complaints about a message in one line: where, and what."""
    first = errors[0]
    where = ".".join(str(part) for part in first["loc"])
    what = _in_words(first)
    return f"{where}: {what}" if where else what


def _in_words(problem: Mapping[str, Any]) -> str:
    """As who wrote a client would say it: it has no discriminators, tags and dictionaries."""
    match problem["type"]:
        case "union_tag_not_found":
            return "no `type`: a message says with it what it is"
        case "union_tag_invalid":
            context = problem["ctx"]
            return f"no message {context['tag']!r}: `type` is one of {context['expected_tags']}"
        case "dict_type" | "model_type" | "model_attributes_type":
            if isinstance(problem["input"], bytes):
                return "not read as JSON: send it with `Content-Type: application/json`"
            return "an object of JSON is expected"
    return str(problem["msg"]).removeprefix("Value error, ")
