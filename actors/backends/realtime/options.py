"""Settings that every realtime backend has."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from actors.backends.options import MannerOptions
from actors.backends.realtime.unasked import UnaskedRule


class Part(BaseModel):
    """Base of a group of settings; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Reconnect(Part):
    """Waiting between attempts to connect: exponential, with jitter."""

    attempts: int = Field(5, ge=1, description="Failures in a row until it is `unavailable`.")
    first_s: float = Field(1.0, gt=0, description="Wait after the first failure.")
    max_s: float = Field(60.0, gt=0, description="Longest wait; also the rest between rounds.")


class RealtimeOptions(MannerOptions):
    """How sessions are set up and kept."""

    resumption: bool = Field(True, description="Go on with the same session after a break.")
    connect: Reconnect = Reconnect()
    unasked_answers: UnaskedRule = Field(
        UnaskedRule.ALL,
        description="Which answers are played that nobody asked for: all but one that gives the "
        "answer before once more, those about results of functions, or none.",
    )
