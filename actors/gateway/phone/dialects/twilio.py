"""Twilio Media Streams, both ways: https://www.twilio.com/docs/voice/media-streams ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from actors.gateway.events import Message
from actors.gateway.phone.dialect import (
    NOTHING_SAID,
    AfterClear,
    CallStarted,
    Encoding,
    Handshake,
    HangUp,
    LineEnded,
    LineEvent,
    LineProblem,
    LineSound,
    LineTraits,
    MarkReached,
    PacedBy,
)
from actors.gateway.phone.dialects.media_json import (
    MediaJsonError,
    heard,
    number,
    packed,
    parsed,
    part,
    pressed,
    text,
    texts,
)

ENCODINGS = {"audio/x-mulaw": Encoding.MULAW, "audio/x-l16": Encoding.PCM16}
"""Twilio's, and SignalWire's where the attribute `codec` asks for it."""


class TwilioDialect:
    """A call over Media Streams that was begun by `<Connect><Stream>`."""

    name: ClassVar[str] = "twilio"
    traits: ClassVar[LineTraits] = LineTraits(
        paced_by=PacedBy.PROVIDER,
        # It says only that what is sent is kept and played in order: far more than we send ahead.
        queue_s=30.0,
        after_clear=AfterClear.RETURNED,
        hang_up=HangUp.REST,
    )

    def __init__(self, handshake: Handshake = NOTHING_SAID) -> None:
        # The query of the URL is stripped, and the headers say nothing that the start does not.
        del handshake
        self._stream_id = ""

    def take(self, message: Message) -> list[LineEvent]:
        """Understand a message."""
        try:
            return self._events(parsed(message))
        except MediaJsonError as error:
            return [error.problem]

    def sound(self, payload: bytes) -> list[Message]:
        """Say sound, of any length."""
        return [self._message("media", {"payload": packed(payload)})]

    def mark(self, name: str) -> list[Message]:
        """Ask to be told when what was sent so far is played."""
        return [self._message("mark", {"name": name})]

    def finish(self) -> list[Message]:
        """Nothing is held back."""
        return []

    def clear(self) -> list[Message]:
        """Throw away what waits to be played."""
        return [self._message("clear")]

    def press(self, keys: str) -> list[Message]:
        """There is no message for it."""
        return []

    def hang_up(self) -> list[Message]:
        """There is no message for it."""
        return []

    def _events(self, fields: Mapping[str, Any]) -> list[LineEvent]:
        match text(fields, "event"):
            case "start":
                return [self._started(text(fields, "streamSid"), part(fields, "start"))]
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

    def _started(self, stream_id: str, start: Mapping[str, Any]) -> LineEvent:
        if self._stream_id:
            return LineProblem("this line was started before")
        stream_id = text(start, "streamSid") or stream_id
        call_id = text(start, "callSid")
        form = part(start, "mediaFormat")
        encoding = ENCODINGS.get(text(form, "encoding").lower())
        rate_hz = number(form, "sampleRate")
        if not stream_id or not call_id:
            return LineProblem("the start message has no streamSid, or no callSid")
        if encoding is None or rate_hz is None:
            return LineProblem(f"sound of this form is not understood: {dict(form)}")
        self._stream_id = stream_id
        sound = LineSound(encoding, rate_hz)
        return CallStarted(
            call_id, stream_id, sound, sound, parameters=texts(start, "customParameters")
        )

    def _message(self, event: str, fields: Mapping[str, Any] | None = None) -> str:
        message: dict[str, Any] = {"event": event, "streamSid": self._stream_id}
        if fields is not None:
            message[event] = fields
        return json.dumps(message)
