"""Twilio's media streams, and SignalWire's, which are nearly the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

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
from actors.cli.calling.orders import ClearLine, Order, PlayKeys, SetMark
from actors.cli.calling.provider_words import Words

ACCOUNT = "AC00000000000000000000000000000001"


class TwilioWords(JsonWords):
    """Numbers are texts; the query of the URL is stripped; who calls is only said in parameters."""

    name = "twilio"
    narrow_coding = Coding.MULAW
    version: ClassVar[str] = "1.0.0"
    _sequence = 0

    def dialled(self, url: str) -> str:
        """Return the URL without its query, as it comes to the server."""
        return urlunsplit(urlsplit(url)._replace(query=""))

    def begin(self) -> list[Words]:
        """Say that the line is up."""
        start = {
            "streamSid": self.facts.stream_id,
            "accountSid": ACCOUNT,
            "callSid": self.facts.call_id,
            "tracks": ["inbound"],
            "customParameters": dict(self.facts.parameters),
            "mediaFormat": {
                "encoding": "audio/x-mulaw" if self.form.coding is Coding.MULAW else "audio/x-L16",
                "sampleRate": self.form.rate_hz,
                "channels": 1,
            },
        }
        connected = {"event": "connected", "protocol": "Call", "version": self.version}
        return [written(connected), self._event("start", start)]

    def sound(self, payload: bytes, number: int, at_ms: int) -> list[Words]:
        """Say what the person says."""
        media = {
            "track": "inbound",
            "chunk": str(number),
            "timestamp": str(at_ms),
            "payload": in_base64(payload),
        }
        return [self._event("media", media)]

    def key(self, key: str, at_ms: int) -> list[Words]:
        """Say that the person pressed a key."""
        del at_ms
        return [self._event("dtmf", {"track": "inbound_track", "digit": key})]

    def stop(self) -> list[Words]:
        """Say that the call is over."""
        return [self._event("stop", {"accountSid": ACCOUNT, "callSid": self.facts.call_id})]

    def marked(self, mark: SetMark, *, cleared: bool) -> list[Words]:
        """Say that a mark was reached; it says the same of one that was cleared."""
        del cleared
        return [self._event("mark", {"name": mark.name})]

    def _event(self, event: str, content: Mapping[str, Any]) -> Words:
        self._sequence += 1
        return written(
            {
                "event": event,
                "sequenceNumber": str(self._sequence),
                event: content,
                "streamSid": self.facts.stream_id,
            }
        )

    def _orders(self, event: str, read: Mapping[str, Any]) -> list[Order] | None:
        if event not in ("media", "mark", "clear"):
            return None
        require(read, "streamSid", self.facts.stream_id)
        if event == "media":
            return played(self.form, sound_at(read, "media", "payload"))
        if event == "mark":
            return [SetMark(text_at(read, "mark", "name"))]
        return [ClearLine()]


class SignalWireWords(TwilioWords):
    """Wide lines where they are asked for, and keys in both directions."""

    name = "signalwire"
    version = "0.2.0"
    rates_hz = (8_000, 16_000, 24_000)

    def key(self, key: str, at_ms: int) -> list[Words]:
        """Say that the person pressed a key, and for how long: a tenth of a second."""
        del at_ms
        return [self._event("dtmf", {"track": "inbound_track", "digit": key, "duration": "100"})]

    def _orders(self, event: str, read: Mapping[str, Any]) -> list[Order] | None:
        if event != "dtmf":
            return super()._orders(event, read)
        require(read, "streamSid", self.facts.stream_id)
        return [PlayKeys(text_at(read, "dtmf", "digit"))]
