"""Settings of the toy."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from actors.backends.realtime.options import RealtimeOptions
from pipeline.errors import did_you_mean
from toy_vendor.capabilities import VOICES


class ToyOptions(RealtimeOptions):
    """Where the service listens."""

    model: str = "toy-1"
    socket: Path = Field(description="UNIX socket of the service.")

    @field_validator("voice")
    @classmethod
    def _known_voice(cls, value: str | None) -> str | None:
        if value is not None and value not in VOICES:
            raise ValueError(f"no voice {value!r}: {did_you_mean(value, VOICES)}")
        return value
