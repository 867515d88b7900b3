"""What the answers have cost, and whose budget is used up."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.frames.base import Frame


class Spent(BaseModel):
    """What something has cost so far."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    money: float = Field(0.0, ge=0, description="In the currency of the price table.")
    tokens: int = Field(0, ge=0, description="Tokens billed, input and output.")
    unpriced_tokens: int = Field(0, ge=0, description="Those of them whose price is not known.")
    minutes: float = Field(0.0, ge=0, description="Minutes of answer that were made.")


class LimitUse(BaseModel):
    """A limit, and how much of it is used."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    per: Literal["day", "session", "caller"] = Field(
        description="What it is a limit of; of `caller`, the one who has cost most is shown."
    )
    unit: str = Field(description="A currency, `tokens` or `minutes`.")
    used: float = Field(ge=0, description="So far.")
    limit: float = Field(gt=0, description="At most.")
    backends: list[str] = Field(description="Whose use counts, and who is left when it is used up.")


class Spending(Frame):
    """What the backends have cost, as far as their prices are known."""

    type_name: ClassVar[str] = "spending"

    day: str = Field(description="Date of the day that is counted, `YYYY-MM-DD`.")
    currency: str = Field(description="Of all the money named here.")
    prices_date: str = Field(description="Date of the price table, `YYYY-MM-DD`.")
    session_total: Spent = Field(
        description="This run of the pipeline: `money`, `tokens`, `unpriced_tokens` (of unknown "
        "price), `minutes` of answer."
    )
    day_total: Spent = Field(description="The day, over all runs: the same.")
    callers: dict[str, Spent] = Field(
        default_factory=dict,
        description="This run, by caller's session: those who are there and have cost most.",
    )
    session_backends: dict[str, Spent] = Field(description="This run, by backend.")
    day_backends: dict[str, Spent] = Field(description="The day, by backend.")
    limits: list[LimitUse] = Field(
        default_factory=list, description="Each with `per`, `unit`, `used`, `limit`, `backends`."
    )


class Allowance(Frame):
    """Which backends may not be asked any more; the newest replaces those before."""

    type_name: ClassVar[str] = "allowance"

    refused: dict[str, str] = Field(
        default_factory=dict, description="Why, in words, by backend; all others are allowed."
    )
    last_resort: list[str] = Field(
        default_factory=list,
        description="Those refused, the cheapest first: asked all the same when nobody is left.",
    )
    retry_after_s: float | None = Field(
        None, ge=0, description="When the next day begins, if a limit of the day is used up."
    )
