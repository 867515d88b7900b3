"""Asterisk's AudioSocket, over TCP: kind, length, payload.

https://docs.asterisk.org/Configuration/Channel-Drivers/AudioSocket/
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Mapping
from typing import ClassVar

from actors.gateway.events import Message
from actors.gateway.phone.dialect import (
    NO_QUERY,
    AfterClear,
    CallStarted,
    Encoding,
    HangUp,
    LineEnded,
    LineEvent,
    LineProblem,
    LineSound,
    LineTraits,
    PacedBy,
    SoundHeard,
)
from actors.gateway.phone.dialects.audiosocket_splitter import HEAD
from actors.gateway.phone.dialects.binary_dialect import EARLY_MESSAGES
from actors.gateway.phone.dialects.line_dialect import LineDialect
from actors.gateway.phone.dialects.media_json import MediaJsonError, number, pressed
from actors.gateway.phone.dialects.sized_sound import Piece

ENDED = 0x00
SOUND_HZ = {
    0x10: 8_000,
    0x11: 12_000,
    0x12: 16_000,
    0x13: 24_000,
    0x14: 32_000,
    0x15: 44_100,
    0x16: 48_000,
    0x17: 96_000,
    0x18: 192_000,
}
"""Kinds of sound, PCM16."""
KINDS = {rate_hz: kind for kind, rate_hz in SOUND_HZ.items()}
ERRORS = {1: "the person hung up", 2: "a frame could not be sent", 4: "it is out of memory"}


class AudioSocketDialect(LineDialect):
    """A call of the application AudioSocket, or of the channel driver; a message is whole.

    The line is up when its first sound came, which says the rate. Where a far end may be silent at
    first, the query has it: `rate`.
    """

    name: ClassVar[str] = "audiosocket"
    traits: ClassVar[LineTraits] = LineTraits(
        paced_by=PacedBy.OURS,
        unit_ms=20.0,
        clears=False,
        marks=False,
        after_clear=AfterClear.DROPPED,
        keeps_alive_s=2.0,
        hang_up=HangUp.MESSAGE,
    )

    def __init__(self, query: Mapping[str, str] = NO_QUERY) -> None:
        super().__init__(query)
        self._call_id = ""
        self._early: deque[tuple[int, bytes]] = deque(maxlen=EARLY_MESSAGES)

    def take(self, message: Message) -> list[LineEvent]:
        """Understand a message, as `AudioSocketSplitter` returns it."""
        if isinstance(message, str) or len(message) < HEAD.size:
            return [LineProblem("this is no message of AudioSocket")]
        kind, length = HEAD.unpack_from(message)
        payload = bytes(message[HEAD.size :])
        if length != len(payload):
            return [LineProblem(f"{len(payload)} bytes came in a message of {length}")]
        try:
            return self._in_time(self._events(kind, payload))
        except MediaJsonError as error:
            return [error.problem]

    def hang_up(self) -> list[Message]:
        """End the call."""
        return [HEAD.pack(ENDED, 0)]

    def _said(self, piece: Piece) -> Message:
        assert isinstance(piece, bytes)
        return HEAD.pack(KINDS[self._out.rate_hz], len(piece)) + piece

    def _events(self, kind: int, payload: bytes) -> list[LineEvent]:
        if kind in SOUND_HZ:
            return self._heard(SOUND_HZ[kind], payload)
        match kind:
            case 0x00:
                return [LineEnded("the person hung up")]
            case 0x01:
                return self._named(payload)
            case 0x03:
                return [pressed(payload.decode("ascii", "replace"))]
            case 0xFF:
                code = payload[0] if payload else 0
                text = ERRORS.get(code, f"error {code}")
                return [LineEnded(text) if code == 1 else LineProblem(f"Asterisk reports: {text}")]
        return []

    def _named(self, payload: bytes) -> list[LineEvent]:
        if self._call_id:
            raise MediaJsonError("this line was started before")
        if len(payload) != 16:
            raise MediaJsonError(f"the name of the call has {len(payload)} bytes and not 16")
        self._call_id = str(uuid.UUID(bytes=payload))
        if (rate_hz := number(self._query, "rate")) in KINDS:
            return self._begun(rate_hz)
        return self._begun(self._early[0][0]) if self._early else []

    def _heard(self, rate_hz: int, payload: bytes) -> list[LineEvent]:
        if not payload:
            return []
        if self._call is None:
            self._early.append((rate_hz, payload))
            return self._begun(rate_hz) if self._call_id else []
        if rate_hz != self._out.rate_hz:
            raise MediaJsonError(
                f"sound at {rate_hz} Hz came on a line of {self._out.rate_hz}: "
                "use the same format for the whole call"
            )
        return [SoundHeard(payload)]

    def _begun(self, rate_hz: int) -> list[LineEvent]:
        sound = LineSound(Encoding.PCM16, rate_hz)
        call = self._begin(CallStarted(self._call_id, "", sound, sound))
        early = [SoundHeard(payload) for rate, payload in self._early if rate == rate_hz]
        self._early.clear()
        return [call, *early]
