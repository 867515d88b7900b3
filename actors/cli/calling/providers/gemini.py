"""A program with a Gemini SDK: the Live API's WebSocket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from actors.cli.calling.happening import Value, What
from actors.cli.calling.json_words import in_base64, played, read_object, sound_at, written
from actors.cli.calling.orders import ClearLine, EndAnswer, Order, Told
from actors.cli.calling.provider_words import CallFacts, ProviderWords, Words
from actors.cli.calling.providers.web_words import WebWords

GEMINI_PATH = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
MODEL = "gemini-3.8-live"
"""If the parameter `model` names no other."""
TRANSCRIPTS = {"inputTranscription": "user", "outputTranscription": "model"}


class GeminiWords(WebWords):
    """Sound goes in JSON and base64; a new connection goes on by the handle that was given last."""

    name = "gemini"

    def __init__(
        self, facts: CallFacts, rate_hz: int | None = None, handle: str | None = None
    ) -> None:
        super().__init__(facts, rate_hz)
        self._handle = handle
        self._resumed = handle is not None

    def again(self) -> ProviderWords:
        """Return the words of the same caller on a new connection."""
        return GeminiWords(self.facts, handle=self._handle)

    def begin(self) -> list[Words]:
        """Set up what every SDK does for a spoken conversation with both transcripts."""
        model = self.facts.parameters.get("model", MODEL)
        resumption = {"handle": self._handle} if self._handle else {}
        setup = {
            "model": f"models/{model}",
            "generationConfig": {"responseModalities": ["AUDIO"]},
            "inputAudioTranscription": {},
            "outputAudioTranscription": {},
            "sessionResumption": resumption,
        }
        return [written({"setup": setup})]

    def sound(self, payload: bytes, _number: int, _at_ms: int) -> list[Words]:
        """Say what the person says."""
        audio = {"data": in_base64(payload), "mimeType": f"audio/pcm;rate={self.form.rate_hz}"}
        return [written({"realtimeInput": {"audio": audio}})]

    def _read(self, message: Words) -> list[Order]:
        text = message.decode() if isinstance(message, bytes) else message
        read = read_object(text)
        if "setupComplete" in read:
            self.is_ready = True
            values: dict[str, Value] = {"session": self.facts.call_id, "resumed": self._resumed}
            return [Told(What.SESSION, values)]
        update = read.get("sessionResumptionUpdate")
        if update and update.get("resumable") and update.get("newHandle"):
            self._handle = str(update["newHandle"])
        orders: list[Order] = []
        if "goAway" in read:
            left = json.dumps(read["goAway"])
            orders.append(Told(What.ERROR, {"code": "goAway", "text": left}))
        content = read.get("serverContent")
        return [*orders, *self._spoken(content)] if content else orders

    def _spoken(self, content: Mapping[str, Any]) -> list[Order]:
        orders: list[Order] = []
        if content.get("interrupted"):
            orders.append(ClearLine())
        for part in content.get("modelTurn", {}).get("parts", ()):
            if "inlineData" in part:
                orders += played(self.heard, sound_at(part, "inlineData", "data"))
        for name, role in TRANSCRIPTS.items():
            if words := content.get(name, {}).get("text"):
                orders.append(Told(What.WORDS, {"role": role, "text": str(words)}))
        if content.get("turnComplete"):
            outcome = "interrupted" if content.get("interrupted") else "answered"
            orders += [EndAnswer(), Told(What.TURN, {"turn": "", "outcome": outcome, "by": ""})]
        return orders
