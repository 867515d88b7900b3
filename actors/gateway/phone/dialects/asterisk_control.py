"""Control messages of Asterisk's chan_websocket."""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

from actors.gateway.phone.dialects.line_dialect import compact
from actors.gateway.phone.dialects.media_json import clean, parsed, text


class ControlFormat(Enum):
    """Of control messages, both ways: option `f` of the dial string, or chan_websocket.conf."""

    PLAIN = auto()
    JSON = auto()

    def command(self, name: str, correlation_id: str = "") -> str:
        """Return a command."""
        if self is ControlFormat.PLAIN:
            return f"{name} {correlation_id}" if correlation_id else name
        given = {"correlation_id": correlation_id} if correlation_id else {}
        return compact({"command": name, **given})


def format_of(message: str) -> ControlFormat:
    """Return how a message is written."""
    json = message.lstrip().startswith("{")
    return ControlFormat.JSON if json else ControlFormat.PLAIN


def control(message: str) -> tuple[str, dict[str, Any]]:
    """Return the event and the fields of a text: `EVENT key:value key:value`, or JSON."""
    if format_of(message) is ControlFormat.JSON:
        fields = parsed(message)
        return text(fields, "event"), fields
    event, _, rest = clean(message).strip().partition(" ")
    fields = dict(pair.partition(":")[::2] for pair in rest.split())
    # Two have something with blanks, or without a key.
    fields["error_text"] = rest.partition("error_text:")[2]
    fields["correlation_id"] = rest
    return event, fields
