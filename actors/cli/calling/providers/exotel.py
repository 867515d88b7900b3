"""Exotel's voicebot applet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from actors.cli.calling.json_words import (
    JsonWords,
    in_base64,
    played,
    require,
    sound_at,
    text_at,
    written,
)
from actors.cli.calling.orders import ClearLine, Order, SetMark, WrongMessageError
from actors.cli.calling.provider_words import Words
from pipeline.errors import ConfigError

LEAST_BYTES, MOST_BYTES, MULTIPLE = 3_200, 100_000, 320
"""Of a message of sound, by its documentation."""
MOST_PAIRS, MOST_CHARACTERS = 3, 256
"""Of the query of the URL, likewise."""


class ExotelWords(JsonWords):
    """Sound of 16 bits, in messages of 3.2 to 100 kB; parameters are those of the URL's query."""

    name = "exotel"
    rates_hz = (8_000, 16_000, 24_000)
    _sequence = 0

    def dialled(self, url: str) -> str:
        """Return the URL with the parameters in its query.

        Raises:
            ConfigError: there are more than Exotel takes.
        """
        parts = urlsplit(url)
        pairs = [*parse_qsl(parts.query), *self.facts.parameters.items()]
        if self.form.rate_hz != self.rates_hz[0]:
            pairs.append(("sample-rate", str(self.form.rate_hz)))
        query = urlencode(pairs)
        if len(pairs) > MOST_PAIRS or len(query) > MOST_CHARACTERS:
            raise ConfigError(
                f"{len(pairs)} parameters of {len(query)} characters: Exotel takes "
                f"{MOST_PAIRS} of {MOST_CHARACTERS} together"
            )
        return urlunsplit(parts._replace(query=query))

    def begin(self) -> list[Words]:
        """Say that the line is up."""
        facts = self.facts
        start = {
            "stream_sid": facts.stream_id,
            "call_sid": facts.call_id,
            "account_sid": "exotel",
            "from": facts.caller,
            "to": facts.called,
            "custom_parameters": dict(facts.parameters),
            "media_format": {
                "encoding": "raw/slin",
                "sample_rate": str(self.form.rate_hz),
                "bit_rate": f"{self.form.rate_hz * 16 // 1000}kbps",
            },
        }
        return [written({"event": "connected"}), self._event("start", start)]

    def sound(self, payload: bytes, number: int, at_ms: int) -> list[Words]:
        """Say what the person says."""
        media = {"chunk": str(number), "timestamp": str(at_ms), "payload": in_base64(payload)}
        return [self._event("media", media)]

    def key(self, key: str, at_ms: int) -> list[Words]:
        """Say that the person pressed a key, and for how long: a tenth of a second."""
        del at_ms
        return [self._event("dtmf", {"digit": key, "duration": "100"})]

    def stop(self) -> list[Words]:
        """Say that the call is over."""
        call = {"call_sid": self.facts.call_id, "account_sid": "exotel", "reason": "callended"}
        return [self._event("stop", call)]

    def marked(self, mark: SetMark, *, cleared: bool) -> list[Words]:
        """Say that a mark was reached."""
        del cleared
        return [self._event("mark", {"name": mark.name})]

    def _event(self, event: str, content: Mapping[str, Any]) -> str:
        self._sequence += 1
        return written(
            {
                "event": event,
                "sequence_number": str(self._sequence),
                "stream_sid": self.facts.stream_id,
                event: content,
            }
        )

    def _orders(self, event: str, read: Mapping[str, Any]) -> list[Order] | None:
        if event not in ("media", "mark", "clear"):
            return None
        require(read, "stream_sid", self.facts.stream_id)
        if event == "mark":
            return [SetMark(text_at(read, "mark", "name"))]
        if event == "clear":
            return [ClearLine()]
        payload = sound_at(read, "media", "payload")
        if not LEAST_BYTES <= len(payload) <= MOST_BYTES or len(payload) % MULTIPLE:
            raise WrongMessageError(
                f"{len(payload)} bytes of sound: Exotel takes {LEAST_BYTES} to {MOST_BYTES}, "
                f"a multiple of {MULTIPLE}"
            )
        return played(self.form, payload)
