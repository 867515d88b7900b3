"""Plivo audio streaming: https://www.plivo.com/docs/voice/audio-streaming/audio-streaming ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from actors.gateway.events import Message
from actors.gateway.phone.dialect import (
    AfterClear,
    CallStarted,
    Encoding,
    HangUp,
    LineEvent,
    LineTraits,
    MarkReached,
    PacedBy,
)
from actors.gateway.phone.dialects.line_dialect import compact
from actors.gateway.phone.dialects.media_dialect import MediaDialect
from actors.gateway.phone.dialects.media_json import (
    MediaJsonError,
    all_texts,
    line_sound,
    number,
    packed,
    part,
    text,
)
from actors.gateway.phone.dialects.sized_sound import Piece

ENCODINGS = {"audio/x-mulaw": Encoding.MULAW, "audio/x-l16": Encoding.PCM16}
"""Of `contentType`. Linear sound is little-endian, as in plivo/python-agents-examples."""
CONTENT_TYPES = {encoding: name for name, encoding in ENCODINGS.items()}


class PlivoDialect(MediaDialect):
    """A call whose `<Stream>` has `bidirectional="true"`."""

    name: ClassVar[str] = "plivo"
    stream_field: ClassVar[str] = "streamId"
    traits: ClassVar[LineTraits] = LineTraits(
        paced_by=PacedBy.PROVIDER,
        # It says only that what is sent is kept and played in order: far more than we send ahead.
        queue_s=30.0,
        # "playedStream will only be emitted if the preceding events were played successfully."
        after_clear=AfterClear.DROPPED,
        hang_up=HangUp.REST,
        keys_out=True,
    )

    def _cleared(self) -> list[Message]:
        return [self._message("clearAudio")]

    def press(self, keys: str) -> list[Message]:
        """Press keys, all in one message."""
        return [compact({"event": "sendDTMF", "dtmf": keys})] if keys else []

    def _said(self, piece: Piece) -> str:
        if isinstance(piece, str):
            return compact({"event": "checkpoint", "streamId": self._stream_id, "name": piece})
        media = {
            "contentType": CONTENT_TYPES[self._out.encoding],
            "sampleRate": self._out.rate_hz,
            "payload": packed(piece),
        }
        return compact({"event": "playAudio", "media": media})

    def _events(self, event: str, fields: Mapping[str, Any]) -> list[LineEvent]:
        # The second is what its support pages call it.
        if event in ("playedStream", "played"):
            return [MarkReached(text(fields, "name"))]
        return super()._events(event, fields)

    def _started(self, fields: Mapping[str, Any]) -> CallStarted:
        start = part(fields, "start")
        call_id, stream_id = text(start, "callId"), text(start, "streamId")
        if not call_id or not stream_id:
            raise MediaJsonError("the start message has no callId, or no streamId")
        form = part(start, "mediaFormat")
        sound = line_sound(text(form, "encoding"), number(form, "sampleRate"), ENCODINGS)
        given = extra_headers(fields.get("extra_headers"))
        return self._begin(CallStarted(call_id, stream_id, sound, sound, parameters=given))


def extra_headers(said: object) -> dict[str, str]:
    """Return `extra_headers`, as its pages show them: `userId=12345;sessionId=abc-xyz`.

    The attribute of `<Stream>` is written with commas, and its own SDK says that the field is JSON:
    those are understood too.
    """
    if isinstance(said, Mapping):
        return all_texts(said)
    if not isinstance(said, str):
        return {}
    if said.lstrip().startswith("{"):
        try:
            return extra_headers(json.loads(said))
        except (ValueError, RecursionError):
            return {}
    pairs = [each.partition("=") for each in said.replace(",", ";").split(";")]
    return all_texts({name.strip(): value.strip() for name, found, value in pairs if found})
