"""Media messages in JSON, as Twilio invented them and others took them over."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from actors.gateway.events import Message
from actors.gateway.phone.dialect import KeyPressed, LineProblem, SoundHeard

KEYS = frozenset("0123456789*#ABCD")
"""Of a telephone, ITU-T Q.23."""
QUOTED = 200
"""Characters of a message that is not understood that are quoted: enough to know it by."""


class MediaJsonError(ValueError):
    """A message cannot be understood; the text says why."""

    @property
    def problem(self) -> LineProblem:
        """The same as an event."""
        return LineProblem(str(self))


def parsed(message: Message) -> dict[str, Any]:
    """Return a message as its fields.

    Raises:
        MediaJsonError: it is no object in JSON.
    """
    if isinstance(message, bytes):
        raise MediaJsonError(f"{len(message)} bytes came where text in JSON was expected")
    try:
        fields = json.loads(message)
    except (ValueError, RecursionError):
        raise MediaJsonError(f"this is no JSON: {message[:QUOTED]}") from None
    if not isinstance(fields, dict):
        raise MediaJsonError(f"this is no object in JSON: {message[:QUOTED]}")
    return fields


def part(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a part that is an object itself; an empty one if there is none."""
    found = fields.get(name)
    return found if isinstance(found, Mapping) else {}


def text(fields: Mapping[str, Any], name: str) -> str:
    """Return a field as text; empty if there is none."""
    found = fields.get(name)
    return "" if found is None or isinstance(found, Mapping | list) else str(found)


def number(fields: Mapping[str, Any], name: str) -> int | None:
    """Return a field that is a whole number, or one in quotes as most providers send it."""
    try:
        return int(text(fields, name))
    except ValueError:
        return None


def texts(fields: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return a part whose fields are all texts, such as the parameters of a call."""
    found = part(fields, name)
    return {str(each): text(found, each) for each in found}


def heard(media: Mapping[str, Any]) -> SoundHeard:
    """Return the sound of `media`: payload in base64, `chunk` and `timestamp`.

    Raises:
        MediaJsonError: there is none that can be read.
    """
    try:
        payload = base64.b64decode(text(media, "payload"), validate=True)
    except (binascii.Error, ValueError):
        raise MediaJsonError("the payload of a media message is no base64") from None
    if not payload:
        raise MediaJsonError("a media message has no payload")
    at_ms = number(media, "timestamp")
    return SoundHeard(payload, number(media, "chunk"), None if at_ms is None else float(at_ms))


def pressed(digit: str) -> KeyPressed:
    """Return a key that was pressed.

    Raises:
        MediaJsonError: there is none such on a telephone.
    """
    key = digit.upper()
    if key not in KEYS:
        raise MediaJsonError(f"there is no key {digit[:QUOTED]!r} on a telephone")
    return KeyPressed(key)


def packed(payload: bytes) -> str:
    """Return sound in base64."""
    return base64.b64encode(payload).decode("ascii")
