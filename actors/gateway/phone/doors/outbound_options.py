"""How many calls may be started, and whom they may reach; options of `gateway`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class OutboundOptions(BaseModel):
    """How many calls may be started, and whom they may reach: each costs money."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    numbers: list[str] = Field(
        [],
        description="Beginnings of numbers that may be called, such as `+49`; left out: all may.",
    )
    at_once: int = Field(10, ge=0, description="Calls that we started, under way at once.")
    per_minute: float = Field(30.0, gt=0, description="Calls that are started in a minute.")
    rings_s: int = Field(45, ge=5, le=600, description="How long one rings.")
