"""How calls by telephone are served; options of `gateway`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class PhoneOptions(BaseModel):
    """How calls by telephone are served."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    public_url: str = Field(
        "",
        description="Under which providers reach the gateway, such as `https://voice.example.org`: "
        "what they sign is compared with it.",
    )
    ahead_ms: float = Field(
        300.0,
        ge=40,
        le=2000,
        description="Sound that is sent before its time to a provider that keeps it: so long may "
        "the network hesitate, and so much is thrown away when the caller speaks.",
    )
    mark_ms: float = Field(
        200.0,
        ge=20,
        le=1000,
        description="A mark is asked for after so much of an answer: to this grain it is known "
        "what the caller heard.",
    )
