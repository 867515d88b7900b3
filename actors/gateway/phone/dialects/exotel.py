"""Exotel AgentStream: https://developer.exotel.com/docs/agentstream/websocket-protocol ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from actors.gateway.events import Message
from actors.gateway.phone.dialect import (
    AfterClear,
    CallStarted,
    Encoding,
    HangUp,
    LineEnded,
    LineEvent,
    LineSound,
    LineTraits,
    MarkReached,
    PacedBy,
)
from actors.gateway.phone.dialects.line_dialect import TextDialect, compact
from actors.gateway.phone.dialects.media_json import (
    QUOTED,
    MediaJsonError,
    heard,
    line_sound,
    number,
    packed,
    part,
    pressed,
    text,
    texts,
)
from actors.gateway.phone.dialects.sized_sound import Piece

ENCODINGS = {
    "audio/x-raw": Encoding.PCM16,
    "raw/slin": Encoding.PCM16,
    "audio/l16": Encoding.PCM16,
    "base64": Encoding.PCM16,
    "audio/x-mulaw": Encoding.MULAW,
}
"""All that its pages call it; the last is what the beta of its extended settings may choose."""
RATE = "sample-rate"
"""Of the query: what the applet was asked for."""


class ExotelDialect(TextDialect):
    """A call in the Voicebot applet."""

    name: ClassVar[str] = "exotel"
    traits: ClassVar[LineTraits] = LineTraits(
        paced_by=PacedBy.PROVIDER,
        queue_s=30.0,
        # "Minimum 3.2 KB, maximum 100 KB, must be a multiple of 320 bytes": else there are gaps.
        multiple_bytes=320,
        least_bytes=3_200,
        most_bytes=99_840,
        # Its pages do not say it; the messages are Twilio's, which returns them.
        after_clear=AfterClear.RETURNED,
        hang_up=HangUp.CLOSE,
    )

    def _cleared(self) -> list[Message]:
        return [self._message("clear")]

    def _said(self, piece: Piece) -> str:
        if isinstance(piece, str):
            return self._message("mark", {"name": piece})
        return self._message("media", {"payload": packed(piece)})

    def _message(self, event: str, fields: Mapping[str, Any] | None = None) -> str:
        message: dict[str, Any] = {"event": event, "stream_sid": self._stream_id}
        if fields is not None:
            message[event] = fields
        return compact(message)

    def _events(self, event: str, fields: Mapping[str, Any]) -> list[LineEvent]:
        match event:
            case "media":
                media = part(fields, "media")
                return [] if text(media, "track") == "outbound" else [heard(media)]
            case "dtmf":
                return [pressed(text(part(fields, "dtmf"), "digit"))]
            case "mark":
                return [MarkReached(text(part(fields, "mark"), "name"))]
            case "stop":
                reason = text(part(fields, "stop"), "reason")[:QUOTED]
                return [LineEnded(reason or "the provider says that the call is over")]
        return []

    def _started(self, fields: Mapping[str, Any]) -> CallStarted:
        start = part(fields, "start")
        call_id = text(start, "call_sid")
        stream_id = text(start, "stream_sid") or text(fields, "stream_sid")
        if not call_id or not stream_id:
            raise MediaJsonError("the start message has no call_sid, or no stream_sid")
        sound = self._form(part(start, "media_format"))
        asked = {name: value for name, value in self._query.items() if name != RATE}
        call = CallStarted(
            call_id,
            stream_id,
            sound,
            sound,
            caller=text(start, "from"),
            called=text(start, "to"),
            parameters=asked | texts(start, "custom_parameters"),
        )
        return self._begin(call)

    def _form(self, form: Mapping[str, Any]) -> LineSound:
        """What the start message says; what it leaves out as the query asked, or 8 kHz."""
        rate_hz = number(form, "sample_rate") or number(self._query, RATE) or 8000
        return line_sound(text(form, "encoding") or "audio/x-raw", rate_hz, ENCODINGS)
