"""Settings of the `budget` actor."""

from __future__ import annotations

import zoneinfo
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pipeline.actor import Options
from pipeline.errors import did_you_mean
from pipeline.paths import PathOrName


class Limit(BaseModel):
    """How much may be used in a day, a session or by a caller, by some backends together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    per: Literal["day", "session", "caller"] = Field(
        description="A day counts over all runs; a session is one run of the pipeline, with all "
        "its callers; a caller is each of them by itself, whose session ends, after the answer "
        "under way, when the limit is used up."
    )
    money: float | None = Field(None, gt=0, description="In the currency of the price table.")
    tokens: int | None = Field(None, gt=0, description="Tokens billed, input and output.")
    minutes: float | None = Field(None, gt=0, description="Minutes of answer.")
    backends: list[str] | None = Field(
        None, min_length=1, description="Whose use counts; null: all that cost something."
    )

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.money is None and self.tokens is None and self.minutes is None:
            raise ValueError("name at least one of money, tokens and minutes")
        return self


class BudgetOptions(Options):
    """Limits, and the prices by which money is counted."""

    limits: list[Limit] = Field(
        default_factory=list, description="None: what it costs is only shown."
    )
    backends: list[str] = Field(
        ["live", "http"],
        description="Backends that cost something, the dearest first: the last one is asked all "
        "the same when everybody's budget is used up.",
    )
    time_zone: str | None = Field(
        None, description="Where a day begins at midnight, such as Europe/Berlin; null: here."
    )
    warn_at: float = Field(
        0.8, gt=0, le=1, description="Share of a limit that is worth a line in the log."
    )
    database: str = Field(
        "",
        description="Where pipelines share what a day has cost: a URL as of the gateway's "
        "`database`, or `$NAME` of a variable that holds one; left out: each counts its own.",
    )
    account: str = Field(
        "main",
        min_length=1,
        max_length=64,
        description="Whose budget it is: pipelines that name the same share it, in that database.",
    )
    prices: PathOrName | None = Field(
        None,
        description="Price table to use instead of the one that comes along, in the same format; "
        "from the config's folder.",
    )

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                zoneinfo.ZoneInfo(value)
            except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
                known = zoneinfo.available_timezones()
                raise ValueError(f"no time zone {value!r}: {did_you_mean(value, known)}") from None
        return value
