"""Twilio Media Streams, both ways: https://www.twilio.com/docs/voice/media-streams ."""

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
    LineTraits,
    MarkReached,
    PacedBy,
)
from actors.gateway.phone.dialects.line_dialect import TextDialect, compact
from actors.gateway.phone.dialects.media_json import (
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

ENCODINGS = {"audio/x-mulaw": Encoding.MULAW, "audio/x-l16": Encoding.PCM16}
"""Twilio's, and SignalWire's where the attribute `codec` asks for it."""


class TwilioDialect(TextDialect):
    """A call over Media Streams that was begun by `<Connect><Stream>`."""

    name: ClassVar[str] = "twilio"
    traits: ClassVar[LineTraits] = LineTraits(
        paced_by=PacedBy.PROVIDER,
        # It says only that what is sent is kept and played in order: far more than we send ahead.
        queue_s=30.0,
        after_clear=AfterClear.RETURNED,
        hang_up=HangUp.REST,
    )

    def _said(self, piece: Piece) -> str:
        if isinstance(piece, str):
            return self._message("mark", {"name": piece})
        return self._message("media", {"payload": packed(piece)})

    def _cleared(self) -> list[Message]:
        return [self._message("clear")]

    def _events(self, event: str, fields: Mapping[str, Any]) -> list[LineEvent]:
        match event:
            case "media":
                media = part(fields, "media")
                # With `both_tracks` our own voice comes too.
                return [] if text(media, "track") == "outbound" else [heard(media)]
            case "dtmf":
                return [pressed(text(part(fields, "dtmf"), "digit"))]
            case "mark":
                return [MarkReached(text(part(fields, "mark"), "name"))]
            case "stop":
                return [LineEnded("the provider says that the call is over")]
        return []

    def _started(self, fields: Mapping[str, Any]) -> CallStarted:
        start = part(fields, "start")
        stream_id = text(start, "streamSid") or text(fields, "streamSid")
        call_id = text(start, "callSid")
        if not stream_id or not call_id:
            raise MediaJsonError("the start message has no streamSid, or no callSid")
        form = part(start, "mediaFormat")
        sound = line_sound(text(form, "encoding"), number(form, "sampleRate"), ENCODINGS)
        given = texts(start, "customParameters")
        return self._begin(CallStarted(call_id, stream_id, sound, sound, parameters=given))

    def _message(self, event: str, fields: Mapping[str, Any] | None = None) -> str:
        message: dict[str, Any] = {"event": event, "streamSid": self._stream_id}
        if fields is not None:
            message[event] = fields
        return compact(message)
