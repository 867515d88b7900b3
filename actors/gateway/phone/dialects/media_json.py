"""Media messages in JSON, as Twilio invented them and others took them over."""

from __future__ import annotations

import binascii
import json
from collections.abc import Mapping
from typing import Any

from actors.gateway.events import Message
from actors.gateway.phone.dialect import Encoding, KeyPressed, LineProblem, LineSound, SoundHeard
from actors.gateway.sound import RATES_HZ

KEYS = frozenset("0123456789*#ABCD")
"""Of a telephone, ITU-T Q.23."""
QUOTED = 200
"""Characters of a message that is not understood that are quoted: enough to know it by."""
WHOLE = 2**53
"""Up to this JSON's numbers are whole everywhere, RFC 8259 section 6."""


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
    return found if isinstance(found, dict) else {}


def text(fields: Mapping[str, Any], name: str) -> str:
    """Return a field as text; empty if there is none."""
    found = fields.get(name)
    if isinstance(found, str):
        return clean(found)
    if found is None or isinstance(found, dict | list):
        return ""
    return json.dumps(found)


def clean(said: str) -> str:
    """Return text without what no file, database or frame can keep: half pairs, and zeros."""
    if said.isascii() and "\0" not in said:  # As all is that comes fifty times a second.
        return said
    return said.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def number(fields: Mapping[str, Any], name: str) -> int | None:
    """Return a field that is a whole number, or one in quotes as most providers send it."""
    try:
        found = int(text(fields, name))
    except ValueError:
        return None
    return found if abs(found) <= WHOLE else None


def texts(fields: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return a part whose fields are all texts, such as the parameters of a call."""
    return all_texts(part(fields, name))


def all_texts(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return fields as texts; one that is an object or a list itself as its JSON."""
    return {
        clean(name): clean(json.dumps(value))
        if isinstance(value, Mapping | list)
        else text(fields, name)
        for name, value in fields.items()
    }


def line_sound(encoding: str, rate_hz: int | None, encodings: Mapping[str, Encoding]) -> LineSound:
    """Return the form of sound that was announced by its name, such as `audio/x-L16;rate=8000`.

    Raises:
        MediaJsonError: there are no lines of such a form.
    """
    found = encodings.get(encoding.split(";", maxsplit=1)[0].strip().lower())
    least, most = RATES_HZ
    if found is None or rate_hz is None or not least <= rate_hz <= most:
        raise MediaJsonError(
            f"sound of the form {encoding[:QUOTED]!r} at {rate_hz} Hz is not understood: "
            f"choose one of {', '.join(encodings)}, {least} to {most} Hz"
        )
    return LineSound(found, rate_hz)


def heard(media: Mapping[str, Any]) -> SoundHeard:
    """Return the sound of `media`: payload in base64, and `chunk`.

    Raises:
        MediaJsonError: there is none that can be read.
    """
    try:
        payload = binascii.a2b_base64(text(media, "payload"), strict_mode=True)
    except ValueError:
        raise MediaJsonError("the payload of a media message is no base64") from None
    if not payload:
        raise MediaJsonError("a media message has no payload")
    return SoundHeard(payload, number(media, "chunk"))


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
    return binascii.b2a_base64(payload, newline=False).decode("ascii")
