"""Settings of the `device` actor."""

from __future__ import annotations

import ipaddress
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipeline.actor import Options
from pipeline.languages import Languages, languages_of

LOCAL_SUFFIXES = (".local", ".lan", ".internal", ".home.arpa")
"""Names that no public name server answers: RFC 6762, RFC 8375 and common practice."""


class WordsOptions(BaseModel):
    """A language model on this machine or in this house, with an OpenAI-compatible server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(description="Such as http://127.0.0.1:11434/v1 (Ollama).")
    model: str = Field(min_length=1, description="Name of the model on that server.")
    timeout_s: float = Field(
        20.0, gt=0, description="For the first sentence, and between sentences."
    )
    instruction: str | None = Field(
        None, description="Who the model is; null: a robot that has lost its connection."
    )
    temperature: float | None = Field(
        None, ge=0, le=2, description="Of the model's choices; null: as the server has it."
    )

    @field_validator("base_url")
    @classmethod
    def _stays_in_the_house(cls, value: str) -> str:
        parts = urlsplit(value)
        host = parts.hostname or ""
        if parts.scheme not in {"http", "https"} or not host:
            raise ValueError(f"{value!r} is no http address, like http://127.0.0.1:11434/v1")
        if not _is_near(host):
            raise ValueError(
                f"{host} is not on this machine or in the local network; the device backend is "
                "for when there is no other network"
            )
        return value.rstrip("/")


class DeviceOptions(Options):
    """How the device answers by itself."""

    load: Literal["when_needed", "at_start"] = Field(
        "when_needed",
        description="When the speech models are loaded (400 MB): once another backend is in "
        "trouble, or at the start.",
    )
    language: Languages = Field(
        None,
        description="What is spoken, as BCP-47 codes, the likeliest first; null: English. Others "
        "need the extra `languages`.",
    )
    words: WordsOptions | None = Field(
        None, description="Local language model for what the device cannot answer; null: none."
    )

    @property
    def languages(self) -> tuple[str, ...]:
        """What is spoken, the likeliest first; none: whatever a text is in."""
        return languages_of(self.language)


def _is_near(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(LOCAL_SUFFIXES)
    return address.is_private or address.is_loopback or address.is_link_local
