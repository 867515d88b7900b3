"""The fields of a config that say how many rooms there are, on which machines."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Ingress(StrEnum):
    """On which nodes callers may connect."""

    EVERY_NODE = "every_node"
    HEAD = "head"


class RoomsConfig(BaseModel):
    """How many rooms, and how big each is."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    least: int = Field(1, ge=1, description="Kept also when nobody calls.")
    most: int = Field(10, ge=1, description="Never more, however many call.")
    cpus: float = Field(2.0, gt=0, description="Processors that a room takes of its node.")
    sessions: int | None = Field(
        None,
        ge=1,
        description="Conversations in a room at once; null: `sessions.most`, but no more than 30 "
        "for each of its processors.",
    )

    @model_validator(mode="after")
    def _least_and_most(self) -> Self:
        if self.least > self.most:
            raise ValueError(f"least ({self.least}) is more than most ({self.most})")
        return self


class ScaleConfig(BaseModel):
    """Many rooms of this config, for `greenroom scale`; `run` runs one and reads nothing here."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    engine: Literal["ray"] = Field("ray", description="What starts, counts and replaces rooms.")
    address: str = Field(
        "auto",
        min_length=1,
        description="Of the cluster: `HOST:PORT` of its head, or `auto`: that of this machine.",
    )
    ingress: Ingress = Field(
        Ingress.EVERY_NODE, description="Callers connect to `every_node`, or to the `head` only."
    )
    rooms: RoomsConfig = Field(default_factory=RoomsConfig)
    calls_per_s: float = Field(
        0.5,
        ge=0,
        description="New calls in a second at the busiest: places for those that come while a "
        "room starts are kept free.",
    )
    shrink_after_s: float = Field(
        600.0, ge=0, description="A room is given up when it was not needed for so long."
    )
