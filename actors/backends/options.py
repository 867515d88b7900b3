"""Settings that every backend with a model has; a session may ask for other values of them."""

from __future__ import annotations

from pydantic import Field

from pipeline.actor import Options


class MannerOptions(Options):
    """Which model answers, as whom, and in which voice and language."""

    model: str = Field("", description="Name of a model.")
    voice: str | None = Field(None, description="Name of a voice; null: the service's own choice.")
    language: str | None = Field(
        None, description="Language to answer in; null: the one the user speaks."
    )
    system_instruction: str | None = Field(None, description="Who the model is.")
    temperature: float | None = Field(None, ge=0, le=2)
