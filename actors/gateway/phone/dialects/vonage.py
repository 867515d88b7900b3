"""Vonage Voice: https://developer.vonage.com/en/voice/voice-api/concepts/websockets ."""

from __future__ import annotations

import re
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
from actors.gateway.phone.dialects.binary_dialect import CALL_IDS, BinaryDialect, named
from actors.gateway.phone.dialects.line_dialect import compact
from actors.gateway.phone.dialects.media_json import (
    MediaJsonError,
    all_texts,
    line_sound,
    parsed,
    part,
    pressed,
    text,
)

ENCODINGS = {"audio/l16": Encoding.PCM16}
"""Little-endian, whatever RFC 2586 says of the name: its guide, and Pipecat's serializer."""
OWN_FIELDS = ("event", "content-type")
"""Of the first message: the others are `headers` of the NCCO."""


class VonageDialect(BinaryDialect):
    """A call that an NCCO connects with an endpoint of type `websocket`."""

    name: ClassVar[str] = "vonage"
    traits: ClassVar[LineTraits] = LineTraits(
        paced_by=PacedBy.PROVIDER,
        # 3,072 messages.
        queue_s=61.0,
        unit_ms=20.0,
        # Its guide does not say it; a person who tried it heard nothing of `notify` at all.
        after_clear=AfterClear.DROPPED,
        hang_up=HangUp.CLOSE,
    )

    def _marked(self, name: str) -> str:
        return compact({"action": "notify", "payload": {"name": name}})

    def _cleared(self) -> list[Message]:
        return [compact({"action": "clear"})]

    def _told(self, message: str) -> list[LineEvent]:
        fields = parsed(message)
        match text(fields, "event"):
            case "websocket:connected":
                return [self._started(fields)]
            case "websocket:dtmf":
                # At top level as documented; below `dtmf` in what Pipecat's users saw.
                return [pressed(text(fields, "digit") or text(part(fields, "dtmf"), "digit"))]
            case "websocket:notify":
                return [MarkReached(text(part(fields, "payload"), "name"))]
        return []

    def _started(self, fields: Mapping[str, Any]) -> CallStarted:
        if self._call is not None:
            raise MediaJsonError("this line was started before")
        form = text(fields, "content-type")
        rate = re.search(r";\s*rate=(\d{1,6})\s*$", form)
        sound = line_sound(form, int(rate[1]) if rate else None, ENCODINGS)
        given = {key: value for key, value in all_texts(fields).items() if key not in OWN_FIELDS}
        # The protocol has no name for the call: the headers of our NCCO give it, see
        # docs/telephones.md, or the query of the URL.
        call_id = named(given, CALL_IDS) or named(self._query, CALL_IDS)
        return self._begin(
            CallStarted(
                call_id,
                "",
                sound,
                sound,
                caller=named(given, ("caller", "caller-id", "from")),
                called=named(given, ("called", "to")),
                direction=given.get("direction", ""),
                parameters=given,
            )
        )
