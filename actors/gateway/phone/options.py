"""How calls by telephone are served; options of `gateway`."""

from __future__ import annotations

from enum import StrEnum
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from actors.gateway.phone.doors.account_options import AccountsOptions
from actors.gateway.phone.doors.business_options import BusinessOptions, check_numbers
from actors.gateway.phone.doors.outbound_options import OutboundOptions


class LineEcho(StrEnum):
    """What is done about answers that come back on the line."""

    SUPPRESS = "suppress"
    OFF = "off"


class PhoneOptions(BaseModel):
    """How calls by telephone are served."""

    # An error shows what was written, which may be a secret.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    public_url: str = Field(
        "",
        description="Under which providers reach the gateway, such as `https://voice.example.org`: "
        "what they sign is compared with it.",
    )
    businesses: dict[str, BusinessOptions] = Field(
        {}, description="For whom calls are, by an id of each; one without a number is only named."
    )
    default_business: str = Field(
        "",
        description="The business that has the calls of all other numbers; left out: they are "
        "refused, unless there is no business at all.",
    )
    accounts: AccountsOptions = Field(
        AccountsOptions(), description="Providers by whom calls come, and their secrets."
    )
    outbound: OutboundOptions = Field(
        OutboundOptions(), description="How many calls may be started, and whom they may reach."
    )
    refusal: str = Field(
        "This number is not in service. Goodbye.",
        description="What a caller is told, in the provider's voice, whose call is not taken.",
    )
    ahead_ms: float = Field(
        100.0,
        ge=40,
        le=2000,
        description="Of an answer at most so much is at a provider that keeps what comes before "
        "its time. It is thrown away when the caller speaks; and 40 ms less is what network and "
        "gateway may hesitate without a gap being heard.",
    )
    most_ahead_ms: float = Field(
        400.0,
        ge=40,
        le=2000,
        description="While the gateway itself is late (its processors are full), so much more is "
        "sent ahead as it was late, three times, and so much in all at the most; only where the "
        "provider throws it away when the caller speaks.",
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
        description="While an answer is heard, `suppress` hears nothing that is as faint beside it "
        "as the echo of the line; `off` hears everything, and takes echo for a person.",
    )
    comfort_noise_dbfs: float | None = Field(
        None,
        ge=-90,
        le=-40,
        description="Level of noise that is sent between answers, such as -65: a line that is "
        "quite silent is taken for dead. Left out: none; most networks make their own.",
    )
    waiting_s: float | None = Field(
        5.0,
        ge=1,
        description="While a turn is open and nothing is heard, two soft tones say every so many "
        "seconds that the line is still up; null: never.",
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

    @field_validator("public_url")
    @classmethod
    def _is_public_url(cls, url: str) -> str:
        parts = urlsplit(url)
        whole = parts.scheme in ("https", "http") and parts.hostname
        if url and (not whole or parts.query or parts.fragment):
            raise ValueError(
                f"{url!r} is no public URL: write it as providers are given it, such as "
                "https://voice.example.org"
            )
        return url.rstrip("/")

    @model_validator(mode="after")
    def _check_businesses(self) -> Self:
        check_numbers(self.businesses)
        if self.default_business and self.default_business not in self.businesses:
            raise ValueError(f"default_business: there is no business {self.default_business!r}")
        return self
