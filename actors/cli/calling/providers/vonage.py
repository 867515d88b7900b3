"""The WebSocket endpoint of Vonage's voice API."""

from __future__ import annotations

import json
from typing import Any

from actors.cli.calling.json_words import played, read_object, written
from actors.cli.calling.line_form import BLOCK_S
from actors.cli.calling.orders import ClearLine, Order, SetMark, WrongMessageError
from actors.cli.calling.provider_words import MarksAfterClear, ProviderWords, Words

QUEUE_MESSAGES = 3_072
"""Of 20 ms each, by its documentation."""


class VonageWords(ProviderWords):
    """Sound is binary, exactly 20 ms a message; the first text has the headers of the NCCO in it.

    What becomes of a notification whose sound is cleared it does not say: here it never comes,
    which is what a server has to be ready for.
    """

    name = "vonage"
    rates_hz = (16_000, 8_000, 24_000)
    queue_s = QUEUE_MESSAGES * BLOCK_S
    after_clear = MarksAfterClear.NEVER

    def begin(self) -> list[Words]:
        """Say that the line is up."""
        first: dict[str, Any] = {
            "event": "websocket:connected",
            "content-type": f"audio/l16;rate={self.form.rate_hz}",
        }
        return [written(first | dict(self.facts.parameters))]

    def key(self, key: str, at_ms: int) -> list[Words]:
        """Say that the person pressed a key."""
        del at_ms
        return [written({"event": "websocket:dtmf", "digit": key, "duration": 100})]

    def marked(self, mark: SetMark, *, cleared: bool) -> list[Words]:
        """Give back what a notification carried."""
        del cleared
        return [written({"event": "websocket:notify", "payload": mark.payload})]

    def cleared(self) -> list[Words]:
        """Say that what waited was thrown away."""
        return [written({"event": "websocket:cleared"})]

    def _read(self, message: Words) -> list[Order]:
        if isinstance(message, bytes):
            if len(message) != self.form.block_bytes:
                raise WrongMessageError(
                    f"{len(message)} bytes of sound: each message is exactly 20 ms, "
                    f"{self.form.block_bytes} bytes"
                )
            return played(self.form, message)
        read = read_object(message)
        action = read.get("action")
        if action == "clear":
            return [ClearLine()]
        if action == "notify":
            payload = read.get("payload")
            if not isinstance(payload, dict):
                raise WrongMessageError(f"the payload of notify is {payload!r}: it is an object")
            return [SetMark(json.dumps(payload), payload)]
        raise WrongMessageError(f"the action {action!r} means nothing to vonage")
