"""Telnyx' media streaming in the bidirectional mode `rtp`."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from actors.cli.calling.json_words import (
    JsonWords,
    in_base64,
    played,
    sound_at,
    text_at,
    written,
)
from actors.cli.calling.line_form import Coding
from actors.cli.calling.orders import ClearLine, Order, SetMark, WrongMessage, WrongMessageError
from actors.cli.calling.provider_words import Words

LEAST_S, MOST_S = 0.02, 30.0
"""Of a message of sound, by its documentation."""


class TelnyxWords(JsonWords):
    """Its messages may come out of order; what it does not take it says in an `error`.

    L16 is little-endian, whatever RFC 2586 says of it: Telnyx' own realtime-ai-demo has it so.
    """

    name = "telnyx"
    rates_hz = (8_000, 16_000, 24_000)
    narrow_coding = Coding.MULAW
    numbers_lost_sound = True
    _sequence = 0

    def begin(self) -> list[Words]:
        """Say that the line is up."""
        facts = self.facts
        codec = "PCMU" if self.form.coding is Coding.MULAW else "L16"
        # The message says only what comes; a server that has another default than Telnyx is told.
        asked = {
            "stream_bidirectional_codec": codec,
            "stream_bidirectional_sampling_rate": str(self.form.rate_hz),
        }
        start = {
            "call_control_id": facts.call_id,
            "call_session_id": f"{facts.call_id}-session",
            "from": facts.caller,
            "to": facts.called,
            "tags": [],
            "client_state": base64.b64encode(b"").decode(),
            "custom_parameters": {**({} if codec == "PCMU" else asked), **facts.parameters},
            "media_format": {
                "encoding": codec,
                "sample_rate": self.form.rate_hz,
                "channels": 1,
            },
        }
        return [written({"event": "connected", "version": "1.0.0"}), self._event("start", start)]

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
        return [self._event("dtmf", {"digit": key})]

    def stop(self) -> list[Words]:
        """Say that the call is over."""
        return [self._event("stop", {"call_control_id": self.facts.call_id})]

    def marked(self, mark: SetMark, *, cleared: bool) -> list[Words]:
        """Say that a mark was reached."""
        del cleared
        return [self._event("mark", {"name": mark.name})]

    def understand(self, message: Words) -> list[Order]:
        """Return what the server orders, and how Telnyx answers what it does not take."""
        return [
            WrongMessage(order.text, self._error(order.text))
            if isinstance(order, WrongMessage)
            else order
            for order in super().understand(message)
        ]

    def _event(self, event: str, content: Mapping[str, Any]) -> str:
        self._sequence += 1
        return written(
            {
                "event": event,
                "sequence_number": str(self._sequence),
                event: content,
                "stream_id": self.facts.stream_id,
            }
        )

    def _error(self, detail: str) -> str:
        problem = {"code": 100003, "title": "malformed_frame", "detail": detail}
        return written({"event": "error", "payload": problem, "stream_id": self.facts.stream_id})

    def _orders(self, event: str, read: Mapping[str, Any]) -> list[Order] | None:
        if event == "media":
            payload = sound_at(read, "media", "payload")
            seconds = len(payload) / self.form.sample_bytes / self.form.rate_hz
            if not LEAST_S <= seconds <= MOST_S:
                raise WrongMessageError(
                    f"{seconds * 1000:g} ms of sound in a message: 20 ms to 30 s are taken"
                )
            return played(self.form, payload)
        if event == "mark":
            return [SetMark(text_at(read, "mark", "name"))]
        return [ClearLine()] if event == "clear" else None
