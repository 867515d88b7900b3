"""Settings that every realtime backend has."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from pipeline.actor import Options


class Part(BaseModel):
    """Base of a group of settings; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Reconnect(Part):
    """Waiting between attempts to connect: exponential, with jitter."""

    attempts: int = Field(5, ge=1, description="Failures in a row until it is `unavailable`.")
    first_s: float = Field(1.0, gt=0, description="Wait after the first failure.")
    max_s: float = Field(60.0, gt=0, description="Longest wait; also the rest between rounds.")


class RealtimeOptions(Options):
    """How sessions are set up and kept; a session may ask for other values of the first five."""

    model: str = Field("", description="Name of a model.")
    voice: str | None = Field(None, description="Name of a voice; null: the service's own choice.")
    language: str | None = Field(
        None, description="Language to answer in; null: the one the user speaks."
    )
    system_instruction: str | None = Field(None, description="Who the model is.")
    temperature: float | None = Field(None, ge=0, le=2)
    resumption: bool = Field(True, description="Go on with the same session after a break.")
    connect: Reconnect = Reconnect()
