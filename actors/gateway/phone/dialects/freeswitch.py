"""FreeSWITCH: mod_audio_fork and mod_audio_stream, which send their metadata as it was given.

https://github.com/jambonz/freeswitch-modules, https://github.com/amigniter/mod_audio_stream
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from actors.gateway.events import Message
from actors.gateway.phone.dialect import (
    CallStarted,
    HangUp,
    LineEvent,
    LineTraits,
    PacedBy,
)
from actors.gateway.phone.dialects.binary_dialect import (
    CALL_IDS,
    BinaryDialect,
    named,
    require_mono,
)
from actors.gateway.phone.dialects.jambonz import RATE_OUT, JambonzDialect, linear
from actors.gateway.phone.dialects.line_dialect import compact
from actors.gateway.phone.dialects.media_json import (
    MediaJsonError,
    all_texts,
    clean,
    number,
    parsed,
    part,
    pressed,
    text,
)

RATE = "rate"
"""In the query: the rate that the stream was started with, if its metadata have no `sampleRate`."""


class MetadataDialect(BinaryDialect):
    """The first text is the metadata; without any the first sound begins the call.

    What is not in them is looked for in the query, so that a dialplan may use either.
    """

    def _told(self, message: str) -> list[LineEvent]:
        if self._call is None:
            return self._begun(metadata(message))
        try:
            fields = parsed(message)
        except MediaJsonError:
            return []  # A dialplan may send any text.
        if text(fields, "event") == "dtmf":
            # By `send_text` of the dialplan, as jambonz does it.
            return [pressed(text(fields, "dtmf") or text(fields, "digit"))]
        return self._answered(text(fields, "type"), part(fields, "data"))

    def _sound_first(self) -> list[LineEvent]:
        return self._begun({})

    def _begun(self, given: Mapping[str, str]) -> list[LineEvent]:
        known = {**self._query, **given}
        mixed = require_mono(known.get("mixType", ""))
        rate_hz = number(known, "sampleRate") or number(known, RATE) or 8000
        call = CallStarted(
            named(known, CALL_IDS),
            "",
            linear(rate_hz),
            linear(number(known, RATE_OUT) or rate_hz),
            caller=named(known, ("caller", "from")),
            called=named(known, ("called", "to")),
            direction=known.get("direction", ""),
            parameters=known,
        )
        return [self._begin(call), *mixed]

    def _answered(self, kind: str, data: Mapping[str, object]) -> list[LineEvent]:
        """Understand an answer of the module."""
        return []


class AudioForkDialect(MetadataDialect, JambonzDialect):
    """`uuid_audio_fork ... start`, with bidirectional audio and streaming enabled."""

    name: ClassVar[str] = "mod_audio_fork"
    # Its message ends a call only where the dialplan listens to its event.
    traits: ClassVar[LineTraits] = replace(JambonzDialect.traits, hang_up=HangUp.REST)

    def _answered(self, kind: str, data: Mapping[str, object]) -> list[LineEvent]:
        return JambonzDialect._answered(self, kind, data)


class AudioStreamDialect(MetadataDialect):
    """`uuid_audio_stream ... start`, of an edition that plays what comes back as binary."""

    name: ClassVar[str] = "mod_audio_stream"
    traits: ClassVar[LineTraits] = LineTraits(
        # It keeps what comes too early; but nothing throws that away again. Three of the blocks in
        # which it plays: with none, each one that is late by a millisecond is a gap of a block.
        paced_by=PacedBy.PROVIDER,
        queue_s=0.06,
        multiple_bytes=2,
        clears=False,
        marks=False,
        # A call goes on in its dialplan when the socket is closed.
        hang_up=HangUp.REST,
    )

    def _marked(self, name: str) -> str:
        raise AssertionError("no marks are asked for")

    def _cleared(self) -> list[Message]:
        # Some builds understand it; all others hand it to the dialplan as `mod_audio_stream::json`.
        return [compact({"type": "killAudio"})]


def metadata(message: str) -> dict[str, str]:
    """Return what the dialplan gave the call, in JSON or any other text."""
    try:
        return all_texts(parsed(message))
    except MediaJsonError:
        return {"metadata": clean(message)} if message.strip() else {}
