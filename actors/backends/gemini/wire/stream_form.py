"""How the responses of `streamGenerateContent` are put into one body."""

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any


class StreamForm(Enum):
    """Server-sent events where they are asked for, else a JSON array."""

    EVENTS = "text/event-stream"
    ARRAY = "application/json; charset=UTF-8"

    @classmethod
    def asked(cls, query: Mapping[str, str]) -> "StreamForm":
        """What the address of a request asks for."""
        alt = query.get("alt") or query.get("$alt") or ""
        return cls.EVENTS if alt.startswith("sse") else cls.ARRAY

    def piece(self, value: Any, *, first: bool) -> bytes:
        """One response of a stream."""
        if self is StreamForm.EVENTS:
            return f"data: {json.dumps(value, ensure_ascii=False)}\r\n\r\n".encode()
        before = "[" if first else ",\r\n"
        return (before + json.dumps(value, ensure_ascii=False, indent=2)).encode()

    def end(self, *, empty: bool) -> bytes:
        """What follows the last response."""
        if self is StreamForm.EVENTS:
            return b""
        # Nothing after the bracket: Google's own reader of such streams takes no line end.
        return b"[]" if empty else b"\n]"
