"""A provider's side of a call, and what it told."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from actors.cli.calling.happening import Happening, What
from actors.cli.calling.line_queue import Stretch
from actors.cli.calling.provider_side import ProviderSide
from actors.cli.calling.provider_words import CallFacts, Words
from actors.cli.calling.providers import PROVIDERS

CALL_ID = "11111111-2222-3333-4444-555555555555"
FACTS = CallFacts(CALL_ID, "MZ1", "+491", "+492", parameters={"business": "b42"})


class Side:
    """A call that is up."""

    def __init__(self, name: str, rate_hz: int | None = None, facts: CallFacts = FACTS) -> None:
        self.told: list[Happening] = []
        self.side = ProviderSide(PROVIDERS[name](facts, rate_hz), self.told.append)
        self.form = self.side.words.form
        self.first = self.side.begin()

    def take(self, message: Words | dict[str, Any], now_s: float = 0.0) -> list[Words]:
        return self.side.take(json.dumps(message) if isinstance(message, dict) else message, now_s)

    def play(self, now_s: float) -> tuple[list[Stretch], list[Words]]:
        return self.side.play(now_s)

    def sounded(self, now_s: float) -> int:
        """Samples of the server that were heard since it was last asked."""
        return sum(stretch.sound for stretch in self.play(now_s)[0])

    def values(self, what: What) -> list[dict[str, Any]]:
        return [dict(each.values) for each in self.told if each.what is what]

    def faults(self) -> list[str]:
        return [each["text"] for each in self.values(What.FAULT)]

    def sound(self, seconds: float) -> bytes:
        """So much sound, as the bytes of the line."""
        return self.form.encode(np.full(round(seconds * self.form.rate_hz), 8_000, np.int16))
