"""What those who do not telephone have in common: wide sound, and a server that says it begins."""

from __future__ import annotations

from typing import ClassVar

from actors.cli.calling.provider_words import CallFacts, ProviderWords


class WebWords(ProviderWords):
    """What it says is 16 kHz, and what it hears 24 kHz, both PCM16."""

    rates_hz = (16_000,)
    heard_hz = 24_000
    prefill_s = 0.06
    """As `page/playback.js` starts an answer, with 60 ms in hand; programs do much the same."""
    most_bytes: ClassVar[int] = 16_777_216
    """Neither browsers nor google-genai have a limit; no message of the gateway is as long."""

    def __init__(self, facts: CallFacts, rate_hz: int | None = None) -> None:
        super().__init__(facts, rate_hz)
        self.is_ready = False
