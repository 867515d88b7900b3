"""Exotel AgentStream: https://developer.exotel.com/docs/agentstream/websocket-protocol ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from actors.gateway.phone.dialect import (
    AfterClear,
    CallStarted,
    Encoding,
    HangUp,
    LineEnded,
    LineEvent,
    LineSound,
    LineTraits,
    PacedBy,
)
from actors.gateway.phone.dialects.media_dialect import MediaDialect
from actors.gateway.phone.dialects.media_json import (
    QUOTED,
    MediaJsonError,
    line_sound,
    number,
    part,
    text,
    texts,
)

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


class ExotelDialect(MediaDialect):
    """A call in the Voicebot applet."""

    name: ClassVar[str] = "exotel"
    stream_field: ClassVar[str] = "stream_sid"
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

    def _events(self, event: str, fields: Mapping[str, Any]) -> list[LineEvent]:
        if event == "stop" and (reason := text(part(fields, "stop"), "reason")):
            return [LineEnded(reason[:QUOTED])]
        return super()._events(event, fields)

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
