"""Media messages as Twilio has them, and those who took them over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from actors.gateway.events import Message
from actors.gateway.phone.dialect import LineEnded, LineEvent, MarkReached
from actors.gateway.phone.dialects.line_dialect import TextDialect, compact
from actors.gateway.phone.dialects.media_json import heard, packed, part, pressed, text
from actors.gateway.phone.dialects.sized_sound import Piece


class MediaDialect(TextDialect):
    """`media`, `mark`, `dtmf`, `clear` and `stop`, each with its fields in a part of its name."""

    stream_field: ClassVar[str]
    """Names the stream in every message that is sent; empty: none does."""
    _around: tuple[str, str] | tuple[()] = ()
    """What stands before and after the payload of a message of sound, once the line is up."""

    def _said(self, piece: Piece) -> str:
        if isinstance(piece, str):
            return self._message("mark", {"name": piece})
        if not self._around:
            # Written once: a message of sound is made for each block.
            before, _, after = self._message("media", {"payload": "|"}).rpartition("|")
            self._around = before, after
        before, after = self._around
        return f"{before}{packed(piece)}{after}"

    def _cleared(self) -> list[Message]:
        return [self._message("clear")]

    def _message(self, event: str, fields: Mapping[str, Any] | None = None) -> str:
        message: dict[str, Any] = {"event": event}
        if self.stream_field:
            message[self.stream_field] = self._stream_id
        if fields is not None:
            message[event] = fields
        return compact(message)

    def _events(self, event: str, fields: Mapping[str, Any]) -> list[LineEvent]:
        about = part(fields, event)
        match event:
            case "media":
                # With both tracks our own voice comes too.
                return [] if text(about, "track").startswith("outbound") else [heard(about)]
            case "dtmf":
                return [pressed(text(about, "digit"))]
            case "mark":
                return [MarkReached(text(about, "name"))]
            case "stop":
                return [LineEnded("the provider says that the call is over")]
        return []
