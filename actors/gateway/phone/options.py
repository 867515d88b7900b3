"""How calls by telephone are served; options of `gateway`."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class LineEcho(StrEnum):
    """What is done about answers that come back on the line."""

    SUPPRESS = "suppress"
    OFF = "off"


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
    echo: LineEcho = Field(
        LineEcho.SUPPRESS,
        description="While an answer is heard, `suppress` takes what is 15 dB fainter for its echo "
        "and hears nothing; `off` hears everything, and takes echo for a person.",
    )
    comfort_noise_dbfs: float | None = Field(
        None,
        ge=-90,
        le=-40,
        description="Level of noise that is sent between answers, such as -65: a line that is "
        "quite silent is taken for dead. Left out: none; most networks make their own.",
    )
    audiosocket_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="TCP port for Asterisk's AudioSocket; 0: any that is free; left out: none. It "
        "has neither encryption nor a key: keep it on this machine, or behind a firewall.",
    )
    audiosocket_host: str = Field("127.0.0.1", description="Address of it to listen on.")
    audiosocket_rate_hz: int | None = Field(
        None,
        description="Rate of its lines, for those that are silent at first: others say it by what "
        "they send. Asterisk's application AudioSocket has 8000.",
    )
