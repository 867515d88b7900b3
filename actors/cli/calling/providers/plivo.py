"""Plivo's audio streaming."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actors.cli.calling.json_words import (
    JsonWords,
    in_base64,
    played,
    require,
    sound_at,
    text_at,
    written,
)
from actors.cli.calling.line_form import Coding
from actors.cli.calling.orders import ClearLine, Order, PlayKeys, SetMark, WrongMessageError
from actors.cli.calling.provider_words import MarksAfterClear, Words

TYPES = {Coding.MULAW: "audio/x-mulaw", Coding.PCM16: "audio/x-l16"}


class PlivoWords(JsonWords):
    """What was sent before is told by checkpoints, which are not given back if it was cleared."""

    name = "plivo"
    rates_hz = (8_000, 16_000)
    narrow_coding = Coding.MULAW
    after_clear = MarksAfterClear.NEVER
    _sequence = -1

    def begin(self) -> list[Words]:
        """Say that the line is up."""
        facts = self.facts
        start = {
            "callId": facts.call_id,
            "streamId": facts.stream_id,
            "accountId": "MA0000000000000001",
            "tracks": ["inbound"],
            "mediaFormat": {
                "encoding": TYPES[self.form.coding],
                "sampleRate": self.form.rate_hz,
            },
        }
        extra = ";".join(f"{name}={value}" for name, value in facts.parameters.items())
        return [self._event("start", start=start, extra_headers=extra)]

    def sound(self, payload: bytes, number: int, at_ms: int) -> list[Words]:
        """Say what the person says."""
        media = {
            "track": "inbound",
            "timestamp": str(at_ms),
            "chunk": number,
            "payload": in_base64(payload),
        }
        return [self._event("media", media=media)]

    def key(self, key: str, at_ms: int) -> list[Words]:
        """Say that the person pressed a key."""
        dtmf = {"track": "inbound", "digit": key, "timestamp": str(at_ms)}
        return [self._event("dtmf", dtmf=dtmf)]

    def marked(self, mark: SetMark, *, cleared: bool) -> list[Words]:
        """Say that a checkpoint was reached."""
        del cleared
        return [self._event("playedStream", name=mark.name)]

    def cleared(self) -> list[Words]:
        """Say that what waited was thrown away."""
        return [self._event("clearedAudio")]

    def _event(self, event: str, **content: Any) -> str:
        self._sequence += 1
        return written(
            {
                "sequenceNumber": self._sequence,
                "event": event,
                "streamId": self.facts.stream_id,
                **content,
            }
        )

    def _orders(self, event: str, read: Mapping[str, Any]) -> list[Order] | None:
        if event == "playAudio":
            self._require_type(read.get("media"))
            return played(self.form, sound_at(read, "media", "payload"))
        if event == "checkpoint":
            require(read, "streamId", self.facts.stream_id)
            return [SetMark(text_at(read, "name"))]
        if event == "clearAudio":
            require(read, "streamId", self.facts.stream_id)
            return [ClearLine()]
        if event == "sendDTMF":
            return [PlayKeys(text_at(read, "dtmf"))]
        return None

    def _require_type(self, media: Any) -> None:
        """Return if the sound has the form of the line: it takes others, this telephone does not.

        Raises:
            WrongMessageError: it has another form.
        """
        given = media if isinstance(media, Mapping) else {}
        said = (given.get("contentType"), given.get("sampleRate"))
        wanted = (TYPES[self.form.coding], self.form.rate_hz)
        if (said[0], str(said[1])) != (wanted[0], str(wanted[1])):
            raise WrongMessageError(
                f"contentType and sampleRate are {said}: the line's are {wanted}"
            )
