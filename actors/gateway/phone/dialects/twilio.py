"""Twilio Media Streams, both ways: https://www.twilio.com/docs/voice/media-streams ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from actors.gateway.phone.dialect import (
    AfterClear,
    CallStarted,
    Encoding,
    HangUp,
    LineTraits,
    PacedBy,
)
from actors.gateway.phone.dialects.media_dialect import MediaDialect
from actors.gateway.phone.dialects.media_json import (
    MediaJsonError,
    line_sound,
    number,
    part,
    text,
    texts,
)

ENCODINGS = {"audio/x-mulaw": Encoding.MULAW, "audio/x-l16": Encoding.PCM16}
"""Twilio's, and SignalWire's where the attribute `codec` asks for it."""


class TwilioDialect(MediaDialect):
    """A call over Media Streams that was begun by `<Connect><Stream>`."""

    name: ClassVar[str] = "twilio"
    stream_field: ClassVar[str] = "streamSid"
    traits: ClassVar[LineTraits] = LineTraits(
        paced_by=PacedBy.PROVIDER,
        # It says only that what is sent is kept and played in order: far more than we send ahead.
        queue_s=30.0,
        after_clear=AfterClear.RETURNED,
        hang_up=HangUp.REST,
    )

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
