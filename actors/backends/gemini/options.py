"""Settings that every backend over Gemini has."""

from __future__ import annotations

from pydantic import Field, field_validator

from actors.backends.gemini.live.capabilities import known_voice
from actors.backends.gemini.server import ServerOptions
from actors.backends.options import MannerOptions


class GeminiOptions(ServerOptions, MannerOptions):
    """Where the service is, and how it answers."""

    voice: str | None = Field(None, description="One of the prebuilt voices; null: Puck.")

    @field_validator("voice")
    @classmethod
    def _known_voice(cls, value: str | None) -> str | None:
        return known_voice(value)
