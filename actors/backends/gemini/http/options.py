"""Settings of the `http` actor."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field

from actors.backends.gemini.options import GeminiOptions


class HttpOptions(GeminiOptions):
    """Which models answer and speak, where they are, and how long they may take."""

    model: str = Field("gemini-3.8-flash", min_length=1, description="Model for the words.")
    tts_model: str = Field("gemini-3.8-flash-tts", min_length=1, description="Model for the voice.")
    thinking_level: Literal["minimal", "low", "medium", "high"] | None = Field(
        None, description="How much the model thinks before it answers; null: as it does itself."
    )
    attempts: int = Field(
        3, ge=1, le=10, description="Tries of one request where another can help."
    )
    first_event_timeout_s: float = Field(
        8.0, gt=0, description="Silence after a request that counts as frozen."
    )
    stall_timeout_s: float = Field(
        8.0, gt=0, description="Silence in the middle of a response that counts as frozen."
    )
    tool_timeout_s: float = Field(30.0, gt=0, description="For a tool to give its result.")

    def _slower(self, slowness: float) -> Self:
        slower = {
            "first_event_timeout_s": self.first_event_timeout_s * slowness,
            "stall_timeout_s": self.stall_timeout_s * slowness,
        }
        return self.model_copy(update=slower)
