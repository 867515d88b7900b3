"""Telnyx media streaming.

https://developers.telnyx.com/api-reference/websockets/stream-call-media-over-websocket
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from actors.gateway.phone.dialect import (
    AfterClear,
    CallStarted,
    Encoding,
    HangUp,
    LineEvent,
    LineProblem,
    LineSound,
    LineTraits,
    PacedBy,
)
from actors.gateway.phone.dialects.line_dialect import compact
from actors.gateway.phone.dialects.media_dialect import MediaDialect
from actors.gateway.phone.dialects.media_json import (
    QUOTED,
    MediaJsonError,
    line_sound,
    number,
    part,
    text,
)
from actors.gateway.phone.dialects.telnyx_parameters import telnyx_parameters

ENCODINGS = {"pcmu": Encoding.MULAW, "pcma": Encoding.ALAW, "l16": Encoding.PCM16}
"""Of `stream_codec`; G722, OPUS and AMR-WB are not taken.

L16 is little-endian, whatever RFC 2586 says of the name: who called with it found it so, and
Telnyx' own realtime-ai-demo has it so.
"""
CODEC, RATE = "stream_bidirectional_codec", "stream_bidirectional_sampling_rate"
"""Of the sound that is sent, in the request that begins the stream."""
DEFAULTS = {CODEC: "PCMU", RATE: "8000"}
LEAST_MS, MOST_S = 20.0, 30.0
"""Of sound in a message, as its reference says."""


class TelnyxDialect(MediaDialect):
    """A call whose stream has `stream_bidirectional_mode: rtp`."""

    name: ClassVar[str] = "telnyx"
    stream_field: ClassVar[str] = ""
    traits: ClassVar[LineTraits] = LineTraits(
        paced_by=PacedBy.PROVIDER,
        queue_s=MOST_S,
        # 20 ms, and 30 s, of PCMU: with L16 the least is more.
        least_bytes=160,
        most_bytes=240_000,
        ordered=False,
        # Its reference does not say it; the messages are Twilio's, which returns them.
        after_clear=AfterClear.RETURNED,
        hang_up=HangUp.REST,
    )

    def _events(self, event: str, fields: Mapping[str, Any]) -> list[LineEvent]:
        if event == "error":
            return [LineProblem(f"Telnyx reports: {compact(part(fields, 'payload'))[:QUOTED]}")]
        return super()._events(event, fields)

    def _started(self, fields: Mapping[str, Any]) -> CallStarted:
        start = part(fields, "start")
        # What its REST requests name the call by; the session is that of all its legs.
        call_id, stream_id = text(start, "call_control_id"), text(fields, "stream_id")
        if not call_id or not stream_id:
            raise MediaJsonError("the start message has no call_control_id, or no stream_id")
        form = part(start, "media_format")
        given = telnyx_parameters(start)
        call = CallStarted(
            call_id,
            stream_id,
            line_sound(text(form, "encoding"), number(form, "sample_rate"), ENCODINGS),
            self._sound_out(given),
            caller=text(start, "from"),
            called=text(start, "to"),
            parameters={key: said for key, said in given.items() if key not in (CODEC, RATE)},
        )
        return self._begin(call, least_ms=LEAST_MS)

    def _sound_out(self, given: Mapping[str, str]) -> LineSound:
        """The start message says only what comes: that the call has, in Europe mostly PCMA.

        What is sent was asked for, and is said by the same names in the parameters or the query;
        the defaults are Telnyx'.
        """
        asked = {**DEFAULTS, **self._query, **given}
        return line_sound(asked[CODEC], number(asked, RATE), ENCODINGS)
