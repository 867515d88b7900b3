"""jambonz' verbs `listen` and `stream` with streaming both ways: https://docs.jambonz.org ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from actors.gateway.events import Message
from actors.gateway.phone.dialect import (
    NO_QUERY,
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
from actors.gateway.phone.dialects.jambonz_buffer import PREBUFFER_MS, without_markers
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

OWED = "-"
"""Name of a mark that is there for another."""
RATE_OUT = "rate-out"
"""In the query: `bidirectionalAudio.sampleRate`, if it is not `sampleRate`."""


class JambonzDialect(BinaryDialect):
    """A call with `bidirectionalAudio: {enabled: true, streaming: true}`."""

    name: ClassVar[str] = "jambonz"
    traits: ClassVar[LineTraits] = LineTraits(
        paced_by=PacedBy.PROVIDER,
        # Its buffer grows as is needed.
        queue_s=30.0,
        begins_at_ms=PREBUFFER_MS,
        multiple_bytes=2,
        after_clear=AfterClear.MARKED,
        hang_up=HangUp.MESSAGE,
        # The first is what it offers by default, the other what its pages say.
        subprotocols=("audio.drachtio.org", "audio.jambonz.org"),
    )

    def __init__(self, query: Mapping[str, str] = NO_QUERY) -> None:
        super().__init__(query)
        self._asked: set[str] = set()
        """Marks that were not answered."""
        self._owed = 0
        """Marks that it will not answer."""

    def sound(self, payload: bytes) -> list[Message]:
        """Say sound; after a clear behind as many marks as were cleared by it.

        `killAudio` throws its buffer away with the marks in it, and answers them; but it goes on to
        wait for them, and takes the next that come for those.
        """
        said = super().sound(payload)
        owed = self._owed if said else 0
        self._owed -= owed
        return [*(compact(mark_of(OWED)) for _ in range(owed)), *said]

    def finish(self) -> list[Message]:
        """Say silence behind it: it plays the end, and looks for a mark, only when more comes."""
        return [*super().finish(), bytes(self._out.bytes_of(PREBUFFER_MS))]

    def hang_up(self) -> list[Message]:
        """End the verb; the call goes on with the next, or ends."""
        return [compact({"type": "disconnect"})]

    def _said(self, piece: Piece) -> Message:
        return without_markers(piece) if isinstance(piece, bytes) else self._marked(piece)

    def _marked(self, name: str) -> str:
        self._asked.add(name)
        return compact(mark_of(name))

    def _cleared(self) -> list[Message]:
        self._owed += len(self._asked)
        self._asked.clear()
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
        name = text(data, "name")
        self._asked.discard(name)
        if kind != "mark" or name == OWED:
            return []
        return [MarkReached(name, cleared=text(data, "event") == "cleared")]

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


def mark_of(name: str) -> dict[str, Any]:
    """Return the message of a mark."""
    return {"type": "mark", "data": {"name": name}}


def linear(rate_hz: int | None) -> LineSound:
    """Return linear sound of such a rate, or raise `MediaJsonError`."""
    return line_sound("L16", rate_hz, {"l16": Encoding.PCM16})
