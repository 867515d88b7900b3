"""Settings of the `device` actor."""

from __future__ import annotations

import ipaddress
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from actors.lib.languages.tags import base_of
from actors.lib.own_machine import is_here
from pipeline.actor import Options
from pipeline.languages import Languages, languages_of
from pipeline.paths import ConfigPath

LOCAL_SUFFIXES = (".local", ".lan", ".internal", ".home.arpa")
"""Names that no public name server answers: RFC 6762, RFC 8375 and common practice."""


class MindOptions(BaseModel):
    """A language model on this machine or in this house: behind an OpenAI-compatible server, or
    in a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = Field(
        None,
        validation_alias=AliasChoices("url", "base_url"),
        description="Of the server, such as http://127.0.0.1:11434/v1 (Ollama).",
    )
    model: str | None = Field(None, min_length=1, description="Name of the model on that server.")
    file: ConfigPath | None = Field(
        None, description="GGUF file in place of a server; needs llama-cpp-python."
    )
    context_tokens: int = Field(
        4096, ge=512, description="How much a model in a file keeps in mind."
    )
    timeout_s: float = Field(
        20.0, gt=0, description="For the first sentence, and between sentences."
    )
    tool_timeout_s: float = Field(30.0, gt=0, description="For a tool to give its result.")
    instruction: str | None = Field(
        None, description="Who the model is; null: a robot that has lost its connection."
    )
    temperature: float | None = Field(
        None, ge=0, le=2, description="Of the model's choices; null: as the server has it."
    )

    @field_validator("url")
    @classmethod
    def _stays_in_the_house(cls, value: str | None) -> str | None:
        if value is None:
            return None
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

    @model_validator(mode="after")
    def _is_somewhere(self) -> MindOptions:
        if (self.url is None) == (self.file is None):
            raise ValueError("name a `url` and a `model`, or a `file`")
        if self.url is not None and self.model is None:
            raise ValueError("name the `model` on that server; `ollama list` prints them")
        return self


class RecognitionOptions(BaseModel):
    """A model that understands speech in other languages than English."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: ConfigPath = Field(
        description="Folder with a Whisper model for CTranslate2; needs the extra `recognition`."
    )
    languages: Languages = Field(
        None, description="Which it understands; null: all that are spoken, as Whisper does."
    )

    @property
    def only(self) -> tuple[str, ...]:
        """Codes of the languages that it understands; none: all."""
        return tuple(base_of(each) for each in languages_of(self.languages))


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
    recognition: RecognitionOptions | None = Field(
        None,
        description="What understands speech in other languages; null: English is understood, "
        "and of any other it is said, in that language, that it is not.",
    )
    mind: MindOptions | None = Field(
        None,
        validation_alias=AliasChoices("mind", "words"),
        description="Local language model for what the device cannot answer; null: none.",
    )

    @property
    def languages(self) -> tuple[str, ...]:
        """What is spoken, the likeliest first; none: whatever a text is in."""
        return languages_of(self.language)

    def at_pace(self, slowness: float) -> Self:
        """Grant a language model on this machine what this machine takes."""
        mind = self.mind
        if mind is None or (mind.url is not None and not is_here(mind.url)):
            return self
        slower = mind.model_copy(update={"timeout_s": mind.timeout_s * slowness})
        return self.model_copy(update={"mind": slower})


def _is_near(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(LOCAL_SUFFIXES)
    return address.is_private or address.is_loopback or address.is_link_local
