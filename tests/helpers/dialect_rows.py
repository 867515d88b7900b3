"""Tables of what a dialect understands and says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from phone_lines import line_up

from actors.gateway.phone.dialect import LineEvent

Row = tuple[str, Any, list[LineEvent]]
"""What it is, the message (an object is sent as its JSON), and what is understood."""


def sent(message: Any) -> str | bytes:
    """Return a message as it is on the wire."""
    return message if isinstance(message, str | bytes) else json.dumps(message)


def ids(rows: Sequence[Row]) -> list[str]:
    """Return the names of rows."""
    return [row[0] for row in rows]


def pairs(rows: Sequence[Row]) -> list[tuple[str | bytes, list[LineEvent]]]:
    """Return rows without their names."""
    return [(sent(message), events) for _, message, events in rows]


def understood(name: str, message: str | bytes) -> list[LineEvent]:
    """Return what a dialect understands on a line that is up."""
    return line_up(name).take(message)


def said(messages: Sequence[str | bytes]) -> list[Any]:
    """Return messages of ours: those in JSON as objects, the others as they are."""
    return [
        json.loads(each) if isinstance(each, str) and each.startswith("{") else each
        for each in messages
    ]
