"""Asterisk's channel driver chan_websocket, with control messages in JSON or plain text.

https://docs.asterisk.org/Configuration/Channel-Drivers/WebSocket/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from actors.gateway.events import Message
from actors.gateway.phone.dialect import (
    NO_QUERY,
    AfterClear,
    CallStarted,
    Encoding,
    FlowChanged,
    HangUp,
    LineEvent,
    LineProblem,
    LineSound,
    LineTraits,
    MarkReached,
    PacedBy,
)
from actors.gateway.phone.dialects.asterisk_control import ControlFormat, control, format_of
from actors.gateway.phone.dialects.binary_dialect import BinaryDialect, named
from actors.gateway.phone.dialects.media_json import (
    QUOTED,
    MediaJsonError,
    number,
    pressed,
    text,
    texts,
)
from actors.gateway.phone.dialects.sized_sound import SizedSound

LINEAR_HZ = (8_000, 12_000, 16_000, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000)
FORMATS = {
    "ulaw": LineSound(Encoding.MULAW, 8_000),
    "alaw": LineSound(Encoding.ALAW, 8_000),
    "slin": LineSound(Encoding.PCM16, 8_000),
} | {f"slin{rate_hz // 1000}": LineSound(Encoding.PCM16, rate_hz) for rate_hz in LINEAR_HZ}
"""Names of its formats."""
MOST_TEXT = 128
"""Bytes of a text: a longer one is not read (`MAX_TEXT_MESSAGE_LEN` of chan_websocket.c)."""


class AsteriskDialect(BinaryDialect):
    """A call of `WebSocket/...`; its parameters are the channel's variables.

    The query of the URL is not trusted: it may be that of the call before.
    """

    name: ClassVar[str] = "asterisk"
    traits: ClassVar[LineTraits] = LineTraits(
        paced_by=PacedBy.PROVIDER,
        # 1,000 frames.
        queue_s=20.0,
        # A longer message ends the call with 1009.
        most_bytes=65_500,
        after_clear=AfterClear.DROPPED,
        hang_up=HangUp.MESSAGE,
        subprotocols=("media",),
    )

    def __init__(self, query: Mapping[str, str] = NO_QUERY) -> None:
        super().__init__(query)
        self._format = ControlFormat.PLAIN

    def mark(self, name: str) -> list[Message]:
        """Ask to be told; a name that makes the message too long for Asterisk is not asked for."""
        return super().mark(name) if len(self._marked(name).encode()) <= MOST_TEXT else []

    def hang_up(self) -> list[Message]:
        """End the call."""
        return [self._format.command("HANGUP")]

    def _marked(self, name: str) -> str:
        return self._format.command("MARK_MEDIA", name)

    def _cleared(self) -> list[Message]:
        return [self._format.command("FLUSH_MEDIA")]

    def _told(self, message: str) -> list[LineEvent]:
        event, fields = control(message)
        match event:
            case "MEDIA_START":
                self._format = format_of(message)
                return [self._started(fields)]
            case "DTMF_END":
                return [pressed(text(fields, "digit"))]
            case "MEDIA_MARK_PROCESSED":
                return [MarkReached(text(fields, "correlation_id"))]
            case "MEDIA_XOFF" | "MEDIA_XON":
                return [FlowChanged(event == "MEDIA_XOFF")]
            case "ERROR":
                return [LineProblem(f"Asterisk reports: {text(fields, 'error_text')[:QUOTED]}")]
        return []

    def _started(self, fields: Mapping[str, Any]) -> CallStarted:
        if self._call is not None:
            raise MediaJsonError("this line was started before")
        variables = texts(fields, "channel_variables")
        given = {name.lstrip("_"): value for name, value in variables.items()}
        # Its connection_id is the name of a section of websocket_client.conf, not of a call, and
        # its channel that of the socket: the dialplan may give the name of the caller's channel, by
        # which ARI ends it. The first versions have the name of the channel only.
        channel = text(fields, "channel_id") or text(fields, "channel")
        call_id = given.get("call_id") or channel
        form = text(fields, "format")
        sound = FORMATS.get(form)
        if not call_id:
            raise MediaJsonError("the message MEDIA_START has no channel_id")
        if sound is None:
            raise MediaJsonError(f"the format {form[:QUOTED]!r} is not taken: use ulaw or slin16")
        call = self._begin(
            CallStarted(
                call_id,
                text(fields, "connection_id"),
                sound,
                sound,
                caller=named(given, ("caller", "CALLERID")),
                called=named(given, ("called", "to")),
                direction=given.get("direction", ""),
                parameters=given,
            )
        )
        # What is not a multiple of it is cut off there, unless sound is sent as a bulk between
        # START_MEDIA_BUFFERING and STOP_MEDIA_BUFFERING; whole frames need no such state, which
        # FLUSH_MEDIA would end too.
        most = self.traits.most_bytes
        frame = number(fields, "optimal_frame_size") or sound.bytes_of(20)
        whole = max(min(frame, most) // sound.sample_bytes, 1) * sound.sample_bytes
        self._sized = SizedSound(sound.encoding, multiple=whole, least=whole, most=most)
        return call
