"""Settings of the `live` actor."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from actors.backends.gemini.live.capabilities import family_of
from actors.backends.gemini.options import GeminiOptions
from actors.backends.realtime.options import Part, RealtimeOptions


class Thinking(Part):
    """How much the model thinks; families take a level, a budget or nothing."""

    level: Literal["minimal", "low", "medium", "high"] | None = None
    budget: int | None = Field(None, ge=-1, description="Tokens; -1 lets the model choose.")


class ContextCompression(Part):
    """Shortening of the context, which is billed again at every turn; the oldest turns go first."""

    trigger_tokens: int | None = Field(
        None, ge=1, description="Length at which the context is cut; null: as the service does."
    )
    target_tokens: int | None = Field(
        None, ge=1, description="Length it is cut to; null: half of the former."
    )

    @model_validator(mode="after")
    def _target_is_shorter(self) -> Self:
        trigger, target = self.trigger_tokens, self.target_tokens
        if target is not None and trigger is None:
            raise ValueError("target_tokens needs trigger_tokens")
        if target is not None and trigger is not None and target >= trigger:
            raise ValueError("target_tokens must be less than trigger_tokens")
        return self


class Keepalive(Part):
    """WebSocket pings. The service has been seen to answer only after 8 to 30 s."""

    interval_s: float = Field(30.0, gt=0)
    timeout_s: float = Field(60.0, gt=0)


class ServerVad(Part):
    """Turn detection by the service; used when `speech` is not connected."""

    silence_ms: int | None = Field(None, ge=0, description="Silence that ends a turn.")
    prefix_ms: int | None = Field(None, ge=0, description="Speech it takes to begin a turn.")
    start_sensitivity: Literal["high", "low"] | None = None
    end_sensitivity: Literal["high", "low"] | None = None


class LiveOptions(GeminiOptions, RealtimeOptions):
    """How one Live session is set up and kept."""

    model: str = Field("gemini-3.8-live", min_length=1, description="Name of a Live model.")
    media_resolution: Literal["low", "medium", "high"] | None = Field(
        None, description="Tokens spent on each picture."
    )
    thinking: Thinking | None = None
    tool_behavior: Literal["blocking", "non_blocking"] | None = Field(
        None, description="Whether the model waits for a tool; null: what suits the model."
    )
    compression: ContextCompression | None = Field(
        ContextCompression(),
        description="Without it a session ends after 15 minutes, with a camera after 2; "
        "null: without.",
    )
    keepalive: Keepalive | None = Field(Keepalive(), description="WebSocket pings; null: none.")
    setup_timeout_s: float = Field(10.0, gt=0, description="To connect and have setup confirmed.")
    close_timeout_s: float = Field(1.0, gt=0, description="For the closing handshake.")
    first_sound_timeout_s: float | None = Field(
        None,
        gt=0,
        description="Silence after a turn that counts as frozen; null: 4 s, or 15 s "
        "for a model that thinks first.",
    )
    stall_timeout_s: float = Field(
        10.0, gt=0, description="Silence in mid-answer that counts as frozen."
    )
    server_vad: ServerVad = ServerVad()

    def _slower(self, slowness: float) -> Self:
        first_s = self.first_sound_timeout_s or family_of(self.model).first_event_s
        slower = {
            "setup_timeout_s": self.setup_timeout_s * slowness,
            "first_sound_timeout_s": first_s * slowness,
            "stall_timeout_s": self.stall_timeout_s * slowness,
        }
        return self.model_copy(update=slower)
