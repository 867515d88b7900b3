"""jambonz' verbs `listen` and `stream` with streaming both ways: https://docs.jambonz.org ."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import Any, ClassVar

from actors.gateway.events import Message
from actors.gateway.phone.dialect import (
    AfterClear,
    CallStarted,
    Encoding,
    HangUp,
    LineEvent,
    LineSound,
    LineTraits,
    MarkReached,
    PacedBy,
)
from actors.gateway.phone.dialects.binary_dialect import (
    CALL_IDS,
    BinaryDialect,
    named,
    require_mono,
)
from actors.gateway.phone.dialects.line_dialect import compact
from actors.gateway.phone.dialects.media_json import (
    MediaJsonError,
    all_texts,
    line_sound,
    number,
    parsed,
    part,
    pressed,
    text,
)
from actors.gateway.phone.dialects.sized_sound import Piece

MARKER = 0xFFFF - 0x10000
"""A sample of this value stands for a mark in its buffer (`AUDIO_MARKER` of mod_audio_fork)."""
PREBUFFER_MS = 160.0
"""Sound that it collects before it plays any (`streamingPreBufSize` of mod_audio_fork)."""
RATE_OUT = "rate-out"
"""In the query: `bidirectionalAudio.sampleRate`, if it is not `sampleRate`."""


class JambonzDialect(BinaryDialect):
    """A call with `bidirectionalAudio: {enabled: true, streaming: true}`."""

    name: ClassVar[str] = "jambonz"
    traits: ClassVar[LineTraits] = LineTraits(
        paced_by=PacedBy.PROVIDER,
        # Its buffer grows as is needed.
        queue_s=30.0,
        multiple_bytes=2,
        after_clear=AfterClear.MARKED,
        hang_up=HangUp.MESSAGE,
        # The first is what it offers by default, the other what its pages say.
        subprotocols=("audio.drachtio.org", "audio.jambonz.org"),
    )

    def finish(self) -> list[Message]:
        """Say silence behind it: it plays the end, and looks for a mark, only when more comes."""
        return [*super().finish(), bytes(self._out.bytes_of(PREBUFFER_MS))]

    def hang_up(self) -> list[Message]:
        """End the verb; the call goes on with the next, or ends."""
        return [compact({"type": "disconnect"})]

    def _said(self, piece: Piece) -> Message:
        return without_markers(piece) if isinstance(piece, bytes) else self._marked(piece)

    def _marked(self, name: str) -> str:
        return compact({"type": "mark", "data": {"name": name}})

    def _cleared(self) -> list[Message]:
        return [compact({"type": "killAudio"})]

    def _told(self, message: str) -> list[LineEvent]:
        fields = parsed(message)
        if self._call is None:
            mixed = require_mono(text(fields, "mixType"))
            return [self._started(fields), *mixed]
        if text(fields, "event") == "dtmf":
            return [pressed(text(fields, "dtmf"))]
        if "callSid" in fields:
            raise MediaJsonError("this line was started before")
        return self._answered(text(fields, "type"), part(fields, "data"))

    def _answered(self, kind: str, data: Mapping[str, Any]) -> list[LineEvent]:
        if kind != "mark":
            return []
        return [MarkReached(text(data, "name"), cleared=text(data, "event") == "cleared")]

    def _started(self, fields: Mapping[str, Any]) -> CallStarted:
        """Begin a call; its own data and the `metadata` of the verb are in one."""
        given, query = all_texts(fields), self._query
        rate_hz = number(fields, "sampleRate")
        return self._begin(
            CallStarted(
                named(given, ("callSid", *CALL_IDS)) or named(query, CALL_IDS),
                given.get("callId", ""),
                linear(rate_hz),
                linear(number(query, RATE_OUT) or rate_hz),
                caller=given.get("from", ""),
                called=given.get("to", ""),
                direction=given.get("direction", ""),
                parameters=given,
            )
        )


def linear(rate_hz: int | None) -> LineSound:
    """Return linear sound of such a rate, or raise `MediaJsonError`."""
    return line_sound("L16", rate_hz, {"l16": Encoding.PCM16})


def without_markers(payload: bytes) -> bytes:
    """Return samples of which none is taken for a mark: one level lower is not heard."""
    if b"\xff\xff" not in payload:
        return payload
    samples = array("h", payload)
    return array("h", [each - 1 if each == MARKER else each for each in samples]).tobytes()
